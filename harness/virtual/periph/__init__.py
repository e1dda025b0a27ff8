"""What the makers of the chips put around the core: one file a block, or a family's version of it.

Each is a ``base.Peripheral`` that knows no chip: a file in ``soc/`` puts them at their addresses and connects them. ``line`` is
behind every UART, ``limits`` and ``warmup`` behind every clock.
"""

"""The debug port of a unit and the way to it: ``dap`` on the unit's side, ``probe`` and ``pyocd_plugin`` on pyOCD's.

Between them ``registry`` (where this user's units are) and ``rpc`` (how one is spoken to). What halts a core and what stands
in its ROM table is part of the core (``core/halting``, ``core/coresight``): a chip has it without any probe.

Nothing here starts or ends a process (``host/`` does). A new operation of a probe is a method of ``dap``, its name in
``rpc`` and its caller in ``probe``.
"""

"""The emulated core and what the architecture puts beside it: nothing here knows a chip, a probe or a process.

``cpu`` (Unicorn) < ``bus``, ``clock`` < ``exceptions``, ``faults``, ``systick``, ``halting`` (breakpoints, vector catch),
``coresight`` (DWT, FPB, ROM table), ``noticed`` (what a chip would not do), ``scs`` < ``machine`` (the run loop). Registers
are those of ARM DDI 0403E.

What a chip's maker added belongs in ``periph/``; a chip is put together in ``soc/``; the debug port is in ``debug/``. To add
a part of the architecture: one file that takes the bus or the machine it hangs on, and one line in ``machine`` or ``scs``.
"""

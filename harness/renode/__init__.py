"""Renode as a second emulator: a unit in a process of its own, like the virtual board, for users who have Renode.

    process.start(facts)    one unit as a process; `hil run --backend renode` and pytest do it for you

A unit is a supervisor (``unit``) that owns one Renode process. It writes the platform (``platform`` from ``soc/``), drives
Renode's monitor (``robot``: XML-RPC, or ``console``: pipes), advances virtual time in slices and joins Renode's UART to a
pseudo terminal, so that the rest of the harness opens it like any serial port.

**No listener is reachable.** Renode binds every server to all interfaces, without a password, and its monitor runs Python.
So the supervisor enters a network namespace of its own, where only it and Renode live (``isolate``); where the system does
not allow that, Renode is driven over pipes, without any listener. ``HIL_RENODE_CONTROL=robot|console`` insists on one.

**What its time means.** Virtual time is instructions: no wait states, no cache, no bus, no pipeline; the serial line takes
no time. Evidence is ``emulated``, there are ``instructions`` and never cycles or a latency.

**What a green run does not say.** Renode reads 0 from addresses where there is nothing and drops stores to them, where the
chip has a bus fault. The log is scanned for that: outside the chip's peripherals it counts as the firmware's fault, inside
it is a register that our platform lacks, and a warning.

Facts about versions 1.13.3 to 1.16.1 that this package relies on are marked ``[1.13]`` and the like in the code.
"""

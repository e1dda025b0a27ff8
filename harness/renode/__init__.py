"""Renode as a second emulator: a unit in a process of its own, like the virtual board, for users who have Renode.

    process.start(facts)    one unit as a process; `hil run --backend renode` and pytest do it for you

A unit is a supervisor (``unit``) that owns one Renode process (``launch``). It writes the platform (``platform`` from ``soc/``)
and brings it up through Renode's monitor (``console``, ``machine``). From then on an external of ours runs the board
(``bench``, ``models/HilBench.cs``): a step of virtual time takes bytes to the serial port at their line time and brings back
what came out. ``pace`` says how long a step may be. The port is a pseudo terminal, which the rest of the harness opens like
any serial port. A chip is a file in ``soc/``, a model that Renode lacks one in ``models/``.

**Nothing listens.** Renode binds every server to all interfaces, without a password, and its monitor runs Python. So it is
driven over the pipes of its process and two named pipes in its private folder, which goes with it.

**What its time means.** Virtual time is instructions: no wait states, no cache, no bus, no pipeline; what is sent takes no time.
Evidence is ``emulated``, there are ``instructions`` and never cycles or a latency. Bytes on the line and a core at work pull it
forward as fast as the host can; else it keeps to the wall clock. The unit tells how long it has lived in it
(``virtual.debug.lifetime``), and whoever waits for the board waits in that time.

**What a green run does not say.** Renode reads 0 from addresses where there is nothing and drops stores to them, where the
chip has a bus fault. The log is scanned for that: outside the chip's peripherals it counts as the firmware's fault, inside
it is a register that our platform lacks, and a warning. Baud rates are not compared.

1.16 is needed: what is older computes SSUB8 and SEL wrongly (``bench.selftest`` proves it before a unit is handed out).
"""

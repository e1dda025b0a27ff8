"""QEMU as a third emulator, of which nobody here wrote a line: a unit in a process of its own, like the virtual board.

    process.start(facts)    one unit as a process; `hil run --backend qemu` and pytest do it for you

For boards whose board.toml names one of QEMU's machines (``machines``). A unit is a supervisor (``unit``) that owns one QEMU
process. It joins QEMU's serial port to a pseudo terminal, so that the rest of the harness opens it like any serial port, and
is the debug probe: images go into memory, are read back and compared through QEMU's gdb stub (``gdb``, ``board``). Supervisor
and QEMU talk over socket pairs: nothing listens, nobody else can reach the stub.

**What its time means: nothing.** QEMU runs as fast as it can and its clocks follow the host's. Evidence is ``emulated``.
It has no cycle counter (DWT's reads 0), so there are no ``instructions`` either.

**What a green run does not say.** Of the STM32L475 QEMU 10 leaves out: PWR and the flash
interface (their registers read 0, so the firmware's wait for its wait states ends in vain, it stays on its 16 MHz oscillator
and says so), DBGMCU, the unique id, DWT's CYCCNT, and what the pins are used for. The serial port has no speed: any baud
rate fits any other, no byte overruns another. Flash is not programmed by a flash algorithm but written by the stub.

Facts about versions that this package relies on are marked with the version in the code.
"""

"""The virtual board: a chip (``soc/``) in a process of its own, a debug probe to pyOCD and a serial port to anyone.

    python -m harness.virtual --soc stm32f446re --uid UID     one unit; says where it is in one line of JSON
    host.process.start("stm32f446re", board_name="...")       the same from Python, as a context manager
    debug.registry.running()                                  the units of this user on this host
    host.control.Control(uid)                                 fault injection, for tests
    pyocd list | flash | cmd | gdbserver -u UID               through the entry point in ``debug.pyocd_plugin``

It knows nothing of the rest of the harness, and the harness nothing of it but how to start it: flashing is pyOCD
running its own flash algorithm on the emulated core, and the port is a pseudo terminal.

Packages, each unaware of the next: ``core/`` (the processor and its system control space) < ``periph/`` (what the makers
added, one file a block) < ``soc/`` (one file a chip) < ``debug/`` (the debug port, and pyOCD's side of it) < ``host/`` (the
process, its serial port, its control). To add a chip: a file in ``soc/`` and the blocks it lacks in ``periph/``.

**What is modelled.** The Cortex-M4F instruction set; exceptions with priorities, nesting, tail-chaining, BASEPRI,
PRIMASK and FAULTMASK, the floating point frame; faults with CFSR, HFSR and BFAR, escalation, lockup; SysTick, NVIC,
SCB; halting debug with six breakpoints, stepping, vector catch; flash with keys, erase, programming that only clears
bits, error flags and its alias at 0; RCC with clock gates, clock tree and reset flags; PWR, GPIO, the independent
watchdog, USART2 with interrupts, baud rate, overrun and framing errors, DBGMCU identity, unique id and flash size. That is
the STM32F446; each other chip's file and its peripherals say what they model, and that it is from memory. RAM survives
every reset, flash and its read-out protection live as long as the process. Register behaviour comes from RM0390 and
ARM DDI 0403E as the authors understand them; no line of it was compared with a chip.

**What is not, and how it differs from the chip:**

- No cycles. A tick of virtual time is one instruction; ``DWT->CYCCNT`` counts instructions and stands still in WFI. -
DMA, timers, ADC, USB, CAN, SPI, I2C, EXTI, RTC, CRC and every UART but USART2: registers keep what is written, no
effect. - No MPU, no watchpoints, no trace, no bit-band aliases, no external memory, no boot ROM, no option byte
effects but read-out protection's.
 - CPACR is noticed late: floating point without it ends in NOCP, but not at the instruction itself. - Bus
faults of stores are precise; LDM, STM, LDRD and STRD to unaligned addresses work; CCR's traps do nothing. - Floating
point state is stacked at once, never lazily. WFE sleeps like WFI; SEV does nothing. - Oscillators, PLL, over-drive and
flash operations take no time; wrong wait states or voltages have no effect. - The serial line moves in bursts of up to
16 bytes at its average rate (``periph/usart.py``), and loops that poll it are skipped: a time-out that counts polls is
seen to count fewer. - While the core sleeps, timers run at the wall clock's pace; while serial bytes are under way, as
fast as the host can.

**Traps that shaped it** (each has bitten): Unicorn's MCLASS mode is a Cortex-M33 whatever is asked for. A run's
``until`` address costs its translation each time unless it is 0. ``uc_emu_stop`` in a device callback repeats the
instruction. A pending interrupt must be looked for after *every* instruction while PRIMASK is set: main loops that
sleep with interrupts masked open them for one instruction only. A handler address of 0xFFFFFFFF (blank flash) looks
like an exception return. A unit must not use the parent-death signal: that is the death of the parent's *thread*.

Unicorn is GPLv2; the harness drives it as a separate library, installed by pip.
"""

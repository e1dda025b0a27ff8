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
bits, error flags and its alias at 0; RCC with clock gates, oscillators that take time, clock tree and reset flags; PWR, GPIO,
the independent watchdog, USART2 with interrupts, baud rate, overrun and framing errors, DBGMCU identity, unique id and flash
size. That is the STM32F446; each other chip's file and its peripherals say what they model. RAM
survives every reset, flash and its read-out protection live as long as the process. Names, places, fields and reset values of
registers are held against the vendors' descriptions (``fixtures/registers``); their behaviour comes from RM0390 and
ARM DDI 0403E as the authors understand them, and no line of it was compared with a chip.

**What is refused.** Firmware that does one of these works on an emulator without a chip's limits, and not on a chip. The core
stops (``core/noticed``), the run is a ``fail``, and its reason begins "on a chip this would". STM32, all three:

- a system clock that is switched to a source which is off or not ready; a PLL that is started without a ready input, or with
  input, multiplier or oscillator out of range; the PLL's or HSE's settings, or the voltage scale, written while they are locked
- HCLK, APB1 or APB2 above the limit of the voltage scale or range, without over-drive (F446) or boost mode (L4+); more than
  80 MHz without the step at half of it (L4+); over-drive switched to before it is ready; too few wait states of the flash for the
  clock and the voltage. At each change, of clock, voltage or flash (``periph/limits`` has the figures and their sources)
- the PLL as system clock while its output to the core is off, dividers written while the USART is on (L4, L4+)
- PSoC 6: the FLL's output taken before it has locked, the first root beyond its limit, too few wait states of the flash above
  the boot code's 50 MHz
- all chips: a SysTick reload of more than 24 bits; and, told by ``bench.emulators.virtual``, which knows the firmware's tick, a
  SysTick that interrupts in another period than half a second

**What is hinted at** when a run fails anyway: a peripheral that is written while its clock is off, a UART that sends while its
pins are another's, rates of the two sides that differ, an interrupt that is requested and not enabled, floating point while CPACR
keeps it off, a firmware that resets itself again and again, a chip that boots its ROM because its flash was empty at power-on
(L4R9), a PSoC 6's FIFO that is written while it is full, its FLL set anew while it is on. Warned of when it passes: vectors
taken from address 0.

**What is not, and how it differs from the chip:**

- No cycles. A tick of virtual time is one instruction; ``DWT->CYCCNT`` counts instructions and stands still in WFI.
- DMA, timers, ADC, USB, CAN, SPI, I2C, EXTI, RTC, CRC and every UART but USART2: registers keep what is written, no effect.
- No MPU, no watchpoints, no trace, no bit-band aliases, no external memory, no boot loader in ROM (it waits for ever), no option
  byte effects but read-out protection's.
- CPACR is noticed late: floating point without it ends in NOCP, but not at the instruction itself. Bus faults of stores are
  precise; LDM, STM, LDRD and STRD to unaligned addresses work; CCR's traps do nothing. Floating point state is stacked at
  once, never lazily. WFE sleeps like WFI; SEV does nothing.
- Flash operations, LSE, LSI and HSI48 take no time. How long the others take is of the order of the
  data sheets' maxima.
- The serial line moves in bursts of up to 16 bytes at its average rate (``periph/line.py``), and loops that poll it are
  skipped: a time-out that counts polls is seen to count fewer. While the core sleeps, timers run at the wall clock's pace;
  while serial bytes are under way, as fast as the host can.

**Traps that shaped it** (each has bitten): Unicorn's MCLASS mode is a Cortex-M33 whatever is asked for. A run's
``until`` address costs its translation each time unless it is 0. ``uc_emu_stop`` in a device callback repeats the
instruction. A pending interrupt must be looked for after *every* instruction while PRIMASK is set: main loops that
sleep with interrupts masked open them for one instruction only. A handler address of 0xFFFFFFFF (blank flash) looks
like an exception return. A unit must not use the parent-death signal: that is the death of the parent's *thread*.

Unicorn is GPLv2; the harness drives it as a separate library, installed by pip.
"""

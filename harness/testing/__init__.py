"""Public kit for tests without hardware.

device.FakeDevice      a board that speaks the wire around a function of yours, with the faults that boards have
link.MemoryTransport   a line in memory with speed, delay and noise; on a manual clock
pty_board.on_pty       the same device behind a real serial port, in real time
clock.ManualClock      time that passes when told to
contracts.check_*      what every implementation of a seam must do
"""

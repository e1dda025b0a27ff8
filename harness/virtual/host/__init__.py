"""A unit as a process of this host: started and ended (``process``), its loop (``unit``), its port (``serial_port``).

``control`` is the door for tests: it injects faults into a running unit (``tamper`` holds those of the line).
Only this package forks, signals or opens pseudo terminals; nothing of the chip is decided here.
"""

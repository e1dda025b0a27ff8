"""The numbers that fields of messages take. What they mean is said in ``fixtures/wire/SPEC.md``."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class DType(IntEnum):
    """What the elements of a tensor are; the same numbers as ``hil_dtype`` of the firmware."""

    FLOAT32 = 0
    INT8 = 1
    UINT8 = 2
    INT16 = 3
    INT32 = 4


class ResetCause(IntEnum):
    """Why the board started."""

    UNKNOWN = 0
    POWER = 1
    PIN = 2
    SOFTWARE = 3
    WATCHDOG = 4
    FAULT = 5


class ClockSource(IntEnum):
    """What the core's clock comes from."""

    UNKNOWN = 0
    INTERNAL = 1
    EXTERNAL = 2


class Flag(IntFlag):
    """``flags`` of HELLO and BOOT."""

    FAULT_KEPT = 1 << 0
    SAMPLE_LOST = 1 << 1


class Capability(IntFlag):
    """``capabilities`` of HELLO."""

    CYCLES = 1 << 0
    ZERO_RUNS = 1 << 1
    BAUD = 1 << 2
    LAYERS = 1 << 3
    FAULT = 1 << 4
    FILL_RUNS = 1 << 5
    DIFFERENCES = 1 << 6
    CHUNKS = 1 << 7
    STREAM = 1 << 8
    STATE = 1 << 9


class HopAsked(IntFlag):
    """``asked`` of a hop."""

    STAGES = 1 << 0


class HopDone(IntFlag):
    """``done`` of a hop's report."""

    WINDOW = 1 << 0
    NETWORK = 1 << 1


class ErrorCode(IntEnum):
    """``code`` of ERROR."""

    PROTOCOL = 1
    UNKNOWN_TYPE = 2
    MALFORMED = 3
    NO_SESSION = 4
    NO_SLOT = 5
    BAD_CHUNK = 6
    UNKNOWN_SAMPLE = 7
    BUSY = 8
    ENGINE = 9
    NO_LAYER = 10


class ResultStatus(IntEnum):
    """``status`` of RESULT."""

    OK = 0
    ENGINE = 1
    INPUT_CHANGED = 2
    NO_STATE = 3


class SlotState(IntEnum):
    """``state`` of a slot in STATUS."""

    RECEIVING = 0
    WAITING = 1
    RUNNING = 2


class BaudStatus(IntEnum):
    """``status`` of BAUD."""

    OK = 0
    UNSUPPORTED = 1

"""A virtual unit as a pyOCD debug probe: an RPC client of the unit's process.

Writes are collected and sent with the next read or ``flush``, so a FAULT may surface one call late, as with USB probes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from pyocd.board.board import Board
from pyocd.board.board_ids import BoardInfo
from pyocd.core import exceptions
from pyocd.probe.debug_probe import DebugProbe

from harness.virtual.debug import registry, rpc

_BATCH_BYTES = 64 * 1024


class VirtualProbe(DebugProbe):
    """See ``DebugProbe``. ``ProbeDisconnected`` when the unit's process died or does not answer in time."""

    @classmethod
    def get_all_connected_probes(
        cls, unique_id: str | None = None, is_explicit: bool = False
    ) -> Sequence[VirtualProbe]:
        """All running units."""
        return [cls(entry) for entry in registry.running()]

    @classmethod
    def get_probe_with_id(cls, unique_id: str, is_explicit: bool = False) -> VirtualProbe | None:
        """The running unit with exactly this id."""
        entry = registry.find(unique_id)
        return cls(entry) if entry else None

    def __init__(self, entry: registry.UnitEntry) -> None:
        super().__init__()
        self._entry = entry
        self._link: rpc.Connection | None = None
        self._protocol: Any = None
        self._reset = False
        self._queue = bytearray()
        self._reads: list[_Read] = []

    # -- identity -------------------------------------------------------------------------------------------------

    @property
    def vendor_name(self) -> str:
        """Ours."""
        return "hil"

    @property
    def product_name(self) -> str:
        """Says that this is no hardware."""
        return f"virtual {self._entry.board_name}"

    @property
    def description(self) -> str:
        """For ``pyocd list``."""
        return f"{self.vendor_name} {self.product_name} (emulated)"

    @property
    def unique_id(self) -> str:
        """The unit's id."""
        return self._entry.uid

    @property
    def supported_wire_protocols(self) -> Sequence[Any]:
        """SWD."""
        return [DebugProbe.Protocol.DEFAULT, DebugProbe.Protocol.SWD]

    @property
    def wire_protocol(self) -> Any:
        """SWD once connected."""
        return self._protocol

    @property
    def is_open(self) -> bool:
        """Whether the unit's socket is open."""
        return self._link is not None

    @property
    def capabilities(self) -> set[Any]:
        """None: pyOCD selects APs and banks itself."""
        return set()

    @property
    def associated_board_info(self) -> BoardInfo:
        """The board's name and target."""
        return BoardInfo(name=self._entry.board_name, target=self._entry.target, vendor="virtual")

    def create_associated_board(self) -> Board:
        """A board whose target can be overridden by the session's options."""
        assert self.session is not None
        return Board(self.session, board_info=self.associated_board_info)

    # -- connection -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect to the unit's process."""
        try:
            self._link = rpc.Connection(self._entry.socket)
        except rpc.LinkDown as error:
            raise exceptions.ProbeDisconnected(f"virtual unit {self.unique_id}: {error}") from error

    def close(self) -> None:
        """Disconnect; the unit runs on."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def connect(self, protocol: Any = None) -> None:
        """Nothing to negotiate."""
        self._protocol = DebugProbe.Protocol.SWD

    def disconnect(self) -> None:
        """See ``connect``."""
        self._protocol = None

    def set_clock(self, frequency: float) -> None:
        """A socket has no clock."""

    def reset(self) -> None:
        """Pulse NRST."""
        self.assert_reset(True)
        self.assert_reset(False)

    def assert_reset(self, asserted: bool) -> None:
        """Drive NRST."""
        self._reset = asserted
        self._post(rpc.SET_RESET, 0, int(asserted))
        self.flush()

    def is_reset_asserted(self) -> bool:
        """What was driven last."""
        return self._reset

    # -- transfers ------------------------------------------------------------------------------------------------

    def _post(self, code: int, address: int, value: int, data: bytes = b"") -> None:
        self._queue += rpc.OPERATION.pack(code, address & 0xFFFFFFFF, value & 0xFFFFFFFF)
        self._queue += data
        if len(self._queue) >= _BATCH_BYTES:
            self.flush()

    def _read(self, code: int, address: int, words: int) -> _Read:
        self._post(code, address, words)
        pending = _Read(self, words)
        self._reads.append(pending)
        return pending

    def flush(self) -> None:
        """Send what was collected and hand out the answers. ``TransferFaultError`` for a FAULT."""
        if not self._queue:
            return
        batch, self._queue = bytes(self._queue), bytearray()
        reads, self._reads = self._reads, []
        try:
            if self._link is None:
                raise rpc.LinkDown("the probe is not open")
            status, answer = self._link.call(rpc.DEBUG_PORT, batch)
        except rpc.LinkDown as error:
            failure: Exception = exceptions.ProbeDisconnected(f"virtual unit {self.unique_id}: {error}")
            for pending in reads:
                pending.failure = failure
            raise failure from error
        failure = exceptions.TransferFaultError("FAULT from the debug port")
        if status == rpc.REFUSED:
            failure = exceptions.ProbeError(f"virtual unit {self.unique_id}: {answer.decode()}")
        at = 0
        for pending in reads:
            if at + 4 * pending.words <= len(answer) and status != rpc.REFUSED:
                pending.result = list(struct.unpack_from(f"<{pending.words}I", answer, at))
                at += 4 * pending.words
            else:
                pending.failure = failure
        if status != rpc.OK:
            raise failure

    def read_dp(self, addr: int, now: bool = True) -> Any:
        """A DP register, or a callable that gives it later."""
        pending = self._read(rpc.READ_DP, addr, 1)
        return pending.first() if now else pending.first

    def write_dp(self, addr: int, data: int) -> bool:
        """Collected; see ``flush``."""
        self._post(rpc.WRITE_DP, addr, data)
        return True

    def read_ap(self, addr: int, now: bool = True) -> Any:
        """An AP register, or a callable that gives it later."""
        pending = self._read(rpc.READ_AP, addr, 1)
        return pending.first() if now else pending.first

    def write_ap(self, addr: int, data: int) -> bool:
        """Collected; see ``flush``."""
        self._post(rpc.WRITE_AP, addr, data)
        return True

    @overload
    def read_ap_multiple(self, addr: int, count: int = 1, now: Literal[True] = True) -> Sequence[int]: ...
    @overload
    def read_ap_multiple(self, addr: int, count: int, now: Literal[False]) -> Callable[[], Sequence[int]]: ...

    def read_ap_multiple(self, addr: int, count: int = 1, now: bool = True) -> Any:
        """``count`` reads of one AP register."""
        pending = self._read(rpc.READ_AP_BLOCK, addr, count)
        return pending.all() if now else pending.all

    def write_ap_multiple(self, addr: int, values: Sequence[int]) -> None:
        """Writes of one AP register."""
        self._post(rpc.WRITE_AP_BLOCK, addr, len(values), struct.pack(f"<{len(values)}I", *values))


class _Read:
    """A read that waits for its batch."""

    def __init__(self, probe: VirtualProbe, words: int) -> None:
        self._probe = probe
        self.words = words
        self.result: list[int] | None = None
        self.failure: Exception | None = None

    def all(self) -> list[int]:
        """The words; sends the batch if that has not happened. Raises what the batch raised."""
        if self.result is None and self.failure is None:
            try:
                self._probe.flush()
            except exceptions.TransferError:
                if self.result is None:
                    raise
        if self.result is None:
            raise self.failure or exceptions.ProbeError("no answer")
        return self.result

    def first(self) -> int:
        """The only word."""
        return self.all()[0]

"""The speed that both ends of a session's line are at: what ``climb`` does to it, and where a silent board is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from harness.bench.transports import Transport
from harness.clock import Clock
from harness.errors import BenchError
from harness.session import ends
from harness.wire import messages as m
from harness.wire.conversation import HostConversation
from harness.wire.events import BaudReceived, PongReceived

#: A board that is at another speed goes back when it has twice heard bytes that were no frames, and half a second behind
#: each: asked so often and so long, it has heard them and has gone back.
_BACK_TRIES: Final = 20
_BACK_WAIT_S: Final = 0.2
#: Beside the time that the test frames take, and anew after each that came back: an adapter's latency, a host's scheduling,
#: an emulator's pace. A frame that is lost, not late, costs no more than this once.
_PROBE_MARGIN_S: Final = 0.5

WaitForPong = Callable[[float], PongReceived | None]


class Speed:
    """Keeps a transport and a conversation at one speed. A ``climb.Line``; not for use on its own."""

    def __init__(
        self,
        transport: Transport,
        conversation: HostConversation,
        clock: Clock,
        ask_baud: Callable[[int], BaudReceived],
        wait_for_pong: WaitForPong,
    ) -> None:
        self._transport = transport
        self._conversation = conversation
        self._clock = clock
        self._ask_baud = ask_baud
        self._wait_for_pong = wait_for_pong
        self.safe_baud = transport.baud
        #: The speed that both sides have agreed on; None on a line without one.
        self.agreed_baud = transport.baud
        self._tell_patience()

    def replace(self, transport: Transport) -> None:
        """The line is another one, its board at the speed it was. BenchError when it cannot be set to that."""
        self._transport = transport
        if self.agreed_baud is not None and transport.baud not in (None, self.agreed_baud):
            transport.set_baud(self.agreed_baud)

    def choose(self, safe: bool) -> None:
        """Speak at the safe speed, or at the one agreed on, whatever the board is at: one of them is right."""
        baud = self.safe_baud if safe else self.agreed_baud
        if baud is not None and baud != self._transport.baud:
            self._transport.set_baud(baud)
            self._conversation.speed_changed()

    def settle(self) -> bool:
        """The board was just heard: it is at the speed that this end is set to. Whether that is another than was agreed on."""
        moved = self.agreed_baud != self._transport.baud
        self.agreed_baud = self._transport.baud
        self._tell_patience()
        return moved

    def _go_to_safe(self) -> None:
        """The board is there, or will be."""
        self.agreed_baud = self.safe_baud
        self.choose(safe=True)
        self._tell_patience()

    def adapter_takes(self, baud: int) -> bool:
        """See ``climb.Line``."""
        before = self._transport.baud
        assert before is not None
        try:
            self._transport.set_baud(baud)
        except BenchError:
            return False
        finally:
            # A port that refused a speed may be left at any; one that refuses this one too is broken, and says so.
            self._transport.set_baud(before)
        return True

    def change_baud(self, baud: int) -> bool:
        """See ``climb.Line``."""
        if self._ask_baud(baud).baud.status != m.BaudStatus.OK:
            return False
        self._transport.set_baud(baud)
        self.agreed_baud = baud
        self._tell_patience()
        return True

    def lost_probes(self, probes: Sequence[bytes]) -> int:
        """See ``climb.Line``."""
        bad_before = self._conversation.counters.bad_rx
        for probe in probes:
            self._conversation.send_ping(probe)
        wanted = list(probes)
        baud = self._transport.baud or 1
        patience_s = sum(map(len, probes)) * 10 * 2 / baud + _PROBE_MARGIN_S
        # What loses nothing and is slow, as a busy host's emulator, must not be taken for a line that loses.
        until_s = self._clock.monotonic_s() + patience_s
        while wanted:
            pong = self._wait_for_pong(max(0.0, until_s - self._clock.monotonic_s()))
            if pong is None:
                break
            if pong.data in wanted:
                wanted.remove(pong.data)
                until_s = self._clock.monotonic_s() + patience_s
        return len(wanted) + self._conversation.counters.bad_rx - bad_before

    def back_to_safe(self) -> None:
        """See ``climb.Line``."""
        self._go_to_safe()
        for n in range(_BACK_TRIES):
            word = b"back %d" % n
            self._conversation.send_ping(word)
            pong = self._wait_for_pong(_BACK_WAIT_S)
            if pong is not None:
                return
        raise ends.astray(
            f"wire over {self._transport.name}",
            f"an answer at {self.safe_baud} baud within {_BACK_TRIES * _BACK_WAIT_S:g} s",
            self._conversation.noise.n_bytes,
            self._conversation.counters.describe(),
        )

    def _tell_patience(self) -> None:
        self._conversation.set_bytes_per_s(self.agreed_baud / 10 if self.agreed_baud else None)

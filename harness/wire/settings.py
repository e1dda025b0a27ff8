"""What the user of a conversation may set, before or while samples travel."""

from __future__ import annotations

from harness.errors import MisuseError
from harness.wire.endpoint import Endpoint
from harness.wire.patience import Patience
from harness.wire.repair import Repair


class Settings:
    """A part of ``HostConversation``."""

    _endpoint: Endpoint
    _repair: Repair
    _patience: Patience

    @property
    def window(self) -> int | None:
        """Samples that may be under way at once, None for as many as the board has slots. May change at any time."""
        return self._repair.wanted_size

    @window.setter
    def window(self, value: int | None) -> None:
        if value is not None and value < 1:
            raise MisuseError("the window is at least one sample", expected=">= 1 or None", found=value)
        self._repair.wanted_size = value

    @property
    def ordered(self) -> bool:
        """Whether samples may go on from one another: what the board has forgotten is then computed once more.

        To be set while no sample is under way, and only with a board that has capability ``STATE``.
        """
        return self._repair.ordered

    @ordered.setter
    def ordered(self, value: bool) -> None:
        if len(self._repair.window):
            raise MisuseError("samples are under way", where="wire conversation", found=len(self._repair.window))
        self._repair.ordered = value

    def set_bytes_per_s(self, bytes_per_s: float | None) -> None:
        """The line's speed as the time-outs take it has changed; None when it is not known."""
        self._patience.bytes_per_s = bytes_per_s

    def speed_changed(self) -> None:
        """The line is at another speed from now on: no frame goes on from one to the other."""
        self._endpoint.speed_changed()

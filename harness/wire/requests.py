"""What a caller may ask a board between samples: one message each, one event back. Not repeated by themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod

from harness.wire import messages as m


class Requests(ABC):
    """The plain verbs of ``HostConversation``. MisuseError when its state does not allow requests."""

    @abstractmethod
    def _request(self, message: m.Message) -> None:
        """Queue ``message``."""

    def send_ping(self, data: bytes = b"") -> None:
        """Queue a PING; ``PongReceived`` comes back. Not repeated by itself, as all requests."""
        self._request(m.Ping(data))

    def send_status_request(self) -> None:
        """Queue a STATUS_REQUEST; ``StatusReceived`` comes back."""
        self._request(m.StatusRequest())

    def send_baud_request(self, baud: int) -> None:
        """Queue a BAUD_REQUEST; ``BaudReceived`` comes back at the old speed, then the caller changes its own."""
        self._request(m.BaudRequest(baud))

    def send_front_end_request(self) -> None:
        """Queue it; ``FrontEndReceived`` comes back, or ``Refused`` from a firmware that takes no recordings."""
        self._request(m.FrontEndRequest())

    def send_layers_request(self, request: m.LayersRequest | m.LayerDataRequest) -> None:
        """Queue it; ``LayersReceived`` or ``LayerDataReceived`` come back, or ``Refused`` if another input ran last."""
        self._request(request)

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

    def send_layers_request(self, input_crc: int, first: int) -> None:
        """Queue a LAYERS_REQUEST; ``LayersReceived`` comes back, or ``Refused`` when another input ran last."""
        self._request(m.LayersRequest(input_crc, first))

    def send_layer_data_request(self, input_crc: int, layer: int, offset: int, n_bytes: int) -> None:
        """Queue a LAYER_DATA_REQUEST; ``LayerDataReceived`` comes back, several times, or ``Refused``."""
        self._request(m.LayerDataRequest(input_crc, layer, offset, n_bytes))

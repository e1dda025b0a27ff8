"""A name at labgrid's coordinator, and what the coordinator tells. Under labgrid's Python: see ``worker``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
from labgrid.remote.generated import labgrid_coordinator_pb2 as pb2
from labgrid.remote.generated import labgrid_coordinator_pb2_grpc as pb2_grpc
from labgrid.util import labgrid_version

RETRY_S: Final = 1.0
#: How long a call waits for a coordinator that is away: it may just be restarted.
CONNECT_S: Final = 10.0
#: It answers nobody while it waits up to 10 s for an exporter, and may have to wait for several.
CALL_S: Final = 25.0
_OPTIONS: Final = (
    # As labgrid's own client: a peer that is gone without a word is noticed within 18 s.
    ("grpc.keepalive_time_ms", 7500),
    ("grpc.keepalive_timeout_ms", 10000),
    ("grpc.http2.ping_timeout_ms", 10000),
    ("grpc.http2.max_pings_without_data", 0),
    # A connection of its own for each name: the coordinator knows a client by its connection.
    ("grpc.use_local_subchannel_pool", 1),
)


class Refused(Exception):
    """What the other side is told. ``kind``: ``away`` for a coordinator that does not answer, ``refused`` for one that says no."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(what)
        self.kind = kind
        self.by = ""

    @property
    def answer(self) -> dict[str, Any]:
        """As JSON."""
        return {"error": str(self), "kind": self.kind, "by": self.by}


class View:
    """The coordinator's places and resources, as its updates tell them."""

    def __init__(self) -> None:
        self._places: dict[str, Any] = {}
        self._resources: dict[tuple[str, str, str], Any] = {}

    def __contains__(self, place: str) -> bool:
        return place in self._places

    def clear(self) -> None:
        """Forget all: it will be told anew."""
        self._places.clear()
        self._resources.clear()

    def take(self, update: Any) -> None:
        """An update."""
        kind = update.WhichOneof("kind")
        if kind == "place":
            self._places[update.place.name] = update.place
        elif kind == "del_place":
            self._places.pop(update.del_place, None)
        elif kind == "resource":
            self._resources[_path(update.resource.path)] = update.resource
        elif kind == "del_resource":
            self._resources.pop(_path(update.del_resource), None)

    def acquired_by(self, place: str) -> str:
        """Who has it, "" for nobody."""
        found = self._places.get(place)
        return str(found.acquired) if found is not None else ""

    def as_told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "places": [
                {
                    "name": place.name,
                    "tags": dict(place.tags),
                    "comment": place.comment,
                    "acquired": place.acquired,
                    "changed": place.changed,
                    "reserved": place.reservation,
                    "matches": [[m.exporter, m.group, m.cls, m.name] for m in place.matches],
                }
                for place in self._places.values()
            ],
            "resources": [
                {
                    "path": [path[0], path[1], resource.cls, path[2]],
                    "params": {key: _scalar(value) for key, value in resource.params.items()},
                    "avail": resource.avail,
                }
                for path, resource in self._resources.items()
            ],
        }


class Member:
    """One name at the coordinator. Its connection is made anew for as long as it is kept; it keeps its ``view`` up to date."""

    def __init__(self, target: str, name: str, view: View | None = None) -> None:
        self.name = name
        self.why = "no answer"
        self._up = asyncio.Event()
        self._target, self._view = target, view
        self._channel: Any = None
        self._stub: Any = None
        self._kept = asyncio.create_task(self._keep())

    @property
    def is_up(self) -> bool:
        """Whether the coordinator has heard the name, over a connection that stands as far as anybody knows."""
        return self._up.is_set()

    async def ready(self) -> None:
        """Return when the coordinator has heard the name. ``Refused`` when it does not answer."""
        if not await within(CONNECT_S, self._up):
            raise Refused("away", self.why)

    async def call(self, method: str, request: Any) -> Any:
        """``Refused`` with the coordinator's words."""
        await self.ready()
        try:
            return await getattr(self._stub, method)(request, timeout=CALL_S)
        except grpc.RpcError as error:
            away = error.code() in (
                grpc.StatusCode.UNAVAILABLE,
                grpc.StatusCode.DEADLINE_EXCEEDED,
                grpc.StatusCode.CANCELLED,
            )
            raise Refused("away" if away else "refused", error.details() or str(error.code())) from error
        except (asyncio.CancelledError, grpc.aio.UsageError) as error:
            # Its connection was found dead and closed under it: gRPC tells that as if we had been told to leave off.
            raise Refused("away", self.why) from error

    async def close(self) -> None:
        """End the connection. The coordinator keeps what was acquired under the name."""
        self._kept.cancel()
        await asyncio.gather(self._kept, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            try:
                await self._serve()
                self.why = "the coordinator ended the connection"
            except grpc.RpcError as error:
                self.why = error.details() or str(error.code())
            except Exception as error:  # noqa: BLE001 - whatever it is, the next connection may be better
                self.why = f"{type(error).__name__}: {error}"
            finally:
                self._up.clear()
                if self._channel is not None:
                    await self._channel.close()
            await asyncio.sleep(RETRY_S)

    async def _serve(self) -> None:
        self._channel = grpc.aio.insecure_channel(self._target, options=_OPTIONS)
        self._stub = pb2_grpc.CoordinatorStub(self._channel)
        words = [pb2.ClientInMessage(startup=pb2.StartupDone(version=labgrid_version(), name=self.name))]
        if self._view is not None:
            self._view.clear()
            words.append(pb2.ClientInMessage(subscribe=pb2.Subscribe(all_places=True)))
            words.append(pb2.ClientInMessage(subscribe=pb2.Subscribe(all_resources=True)))
        words.append(pb2.ClientInMessage(sync=pb2.Sync(id=1)))

        async def say() -> AsyncIterator[Any]:
            for word in words:
                yield word
            await asyncio.Event().wait()  # the connection lasts for as long as our side of it is not ended

        async for message in self._stub.ClientStream(say()):
            for update in message.updates:
                if self._view is not None:
                    self._view.take(update)
            if message.HasField("sync"):
                self._up.set()


async def within(timeout_s: float, event: asyncio.Event) -> bool:
    """Whether it is set by then."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait([waiting], timeout=timeout_s)
    waiting.cancel()
    return event.is_set()


def _path(path: Any) -> tuple[str, str, str]:
    return (path.exporter_name, path.group_name, path.resource_name)


def _scalar(value: Any) -> object:
    kind = value.WhichOneof("kind")
    return getattr(value, kind) if kind else None

"""The process that speaks with labgrid's coordinator: one JSON request a line in, one answer a line out.

Started by ``session.Session`` under the Python that has labgrid; so it imports nothing of ours. One for each run: a connection for
each place that is held, since the coordinator knows a client by its connection and we want one name for each, and one that watches.

It holds what it acquired until it is told to release it, or its standard input ends, or its parent does: then it releases all and
ends. That makes a run that is killed free its places within seconds, whoever killed it. What is held is renewed by a tag, and taken
again when the coordinator says that nobody has it: it forgets all acquisitions when it is restarted, and lets anybody release them.
"""

import asyncio
import json
import os
import sys
import threading
import time

# Our own folder has been put first: none of its modules is meant by the imports below.
sys.path[:] = [entry for entry in sys.path if entry != os.path.dirname(os.path.abspath(__file__))]
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

import grpc  # noqa: E402
from labgrid.remote.generated import labgrid_coordinator_pb2 as pb2  # noqa: E402
from labgrid.remote.generated import labgrid_coordinator_pb2_grpc as pb2_grpc  # noqa: E402
from labgrid.util import labgrid_version  # noqa: E402

TICK_S = 1.0
RETRY_S = 1.0
CONNECT_S = 10.0
#: The coordinator answers nobody while it waits up to 10 s for an exporter, and may have to wait for several.
CALL_S = 25.0
#: How long what is left is tried to be released when the run has ended. A coordinator that is away for longer keeps it,
#: until somebody looks.
GIVE_UP_S = 20.0
_OPTIONS = [
    # As labgrid's own client: a peer that is gone without a word is noticed within 18 s.
    ("grpc.keepalive_time_ms", 7500),
    ("grpc.keepalive_timeout_ms", 10000),
    ("grpc.http2.ping_timeout_ms", 10000),
    ("grpc.http2.max_pings_without_data", 0),
    # A connection of its own for each of us: the coordinator knows us by it.
    ("grpc.use_local_subchannel_pool", 1),
]


class Refused(Exception):
    """What the other side is told: in a word of ours, and the coordinator's."""

    def __init__(self, kind, what, **more):
        super().__init__(what)
        self.answer = {"error": what, "kind": kind, **more}


class Member:
    """One name at the coordinator. Its connection is made anew for as long as it is kept."""

    def __init__(self, target, name, view=None):
        self.name = name
        self.why = "no answer"
        self.up = asyncio.Event()
        self._target, self._view = target, view
        self._channel = self._stub = None
        self._kept = asyncio.create_task(self._keep())

    async def call(self, method, request, timeout_s=CALL_S):
        """``Refused`` with the coordinator's words."""
        await self.ready()
        try:
            return await getattr(self._stub, method)(request, timeout=timeout_s)
        except grpc.RpcError as error:
            away = error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            raise Refused("away" if away else "refused", error.details() or str(error.code())) from error

    async def ready(self):
        """Return when the coordinator has heard our name. ``Refused`` when it does not answer."""
        if not await _within(CONNECT_S, self.up):
            raise Refused("away", self.why)

    async def close(self):
        self._kept.cancel()
        await asyncio.gather(self._kept, return_exceptions=True)

    async def _keep(self):
        while True:
            try:
                await self._serve()
                self.why = "the coordinator ended the connection"
            except grpc.RpcError as error:
                self.why = error.details() or str(error.code())
            finally:
                self.up.clear()
                if self._channel is not None:
                    await self._channel.close()
            await asyncio.sleep(RETRY_S)

    async def _serve(self):
        self._channel = grpc.aio.insecure_channel(self._target, options=_OPTIONS)
        self._stub = pb2_grpc.CoordinatorStub(self._channel)
        startup = pb2.StartupDone(version=labgrid_version(), name=self.name)
        words = [pb2.ClientInMessage(startup=startup)]
        if self._view is not None:
            self._view.clear()
            for which in ({"all_places": True}, {"all_resources": True}):
                words.append(pb2.ClientInMessage(subscribe=pb2.Subscribe(**which)))
        words.append(pb2.ClientInMessage(sync=pb2.Sync(id=1)))

        async def say():
            for word in words:
                yield word
            await asyncio.Event().wait()  # the connection lasts for as long as we have not ended our side

        async for message in self._stub.ClientStream(say()):
            for update in message.updates:
                if self._view is not None:
                    self._view.take(update)
            if message.HasField("sync"):
                self.up.set()


class View:
    """The coordinator's places and resources, as its updates tell them."""

    def __init__(self):
        self.places, self.resources = {}, {}

    def clear(self):
        self.places.clear()
        self.resources.clear()

    def take(self, update):
        kind = update.WhichOneof("kind")
        if kind == "place":
            self.places[update.place.name] = update.place
        elif kind == "del_place":
            self.places.pop(update.del_place, None)
        elif kind == "resource":
            self.resources[_path(update.resource.path)] = update.resource
        elif kind == "del_resource":
            self.resources.pop(_path(update.del_resource), None)

    def acquired_by(self, place):
        found = self.places.get(place)
        return found.acquired if found is not None else ""

    def as_told(self):
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
                for place in self.places.values()
            ],
            "resources": [
                {
                    "path": [path[0], path[1], resource.cls, path[2]],
                    "params": {key: _scalar(value) for key, value in resource.params.items()},
                    "avail": resource.avail,
                }
                for path, resource in self.resources.items()
            ],
        }


class Claim:
    """One name, the place that it holds, and what happened to it since somebody asked."""

    def __init__(self, member):
        self.member = member
        self.place = ""
        self.notes = []
        self.kept = None
        self.touched_s = 0.0
        self._noted = ""

    def note(self, what):
        if what and what != self._noted:
            self.notes.append(what)
        self._noted = what


class Worker:
    """All claims of one run."""

    def __init__(self, *, target, host, user, beat_s, tag):
        self._target, self._host, self._user = target, host, user
        self._beat_s, self._tag = beat_s, tag
        self._view = View()
        self._claims, self._later = {}, []
        self._watcher = Member(target, f"{host}/{user}", self._view)

    async def places(self):
        """What there is, and the coordinator's time, which nothing tells but a reservation that is made now (and taken back)."""
        wish = pb2.Reservation.Filter(filter={"hil_clock": "none"})
        made = await self._watcher.call("CreateReservation", pb2.CreateReservationRequest(filters={"main": wish}, prio=-1.0))
        await self._watcher.call("CancelReservation", pb2.CancelReservationRequest(token=made.reservation.token))
        return {"now": made.reservation.created, **self._view.as_told()}

    async def join(self, claim):
        if claim not in self._claims:
            self._claims[claim] = Claim(Member(self._target, f"{self._host}/{self._user}.{claim}"))
        return {"identity": self._claims[claim].member.name}

    async def reserve(self, claim, filters):
        wish = pb2.Reservation.Filter(filter=filters)
        request = pb2.CreateReservationRequest(filters={"main": wish}, prio=0.0)
        made = await self._claims[claim].member.call("CreateReservation", request)
        return _reservation(made.reservation)

    async def poll(self, claim, token):
        answer = await self._claims[claim].member.call("PollReservation", pb2.PollReservationRequest(token=token))
        return _reservation(answer.reservation)

    async def cancel(self, claim, token):
        await self._claims[claim].member.call("CancelReservation", pb2.CancelReservationRequest(token=token))
        return {}

    async def acquire(self, claim, place):
        mine = self._claims[claim]
        await self._watcher.ready()
        mine.place = place  # from now on: an answer that is lost leaves an acquisition that we must release
        try:
            await mine.member.call("AcquirePlace", pb2.AcquirePlaceRequest(placename=place))
        except Refused as refused:
            by = self._view.acquired_by(place)
            if by == mine.member.name:
                pass  # its answer was lost, or a worker before this one has taken it
            else:
                if refused.answer["kind"] == "refused":
                    mine.place = ""
                refused.answer["by"] = by
                raise
        mine.touched_s = 0.0
        await self._beat(mine)
        mine.kept = asyncio.create_task(self._keep(mine))
        return {}

    async def renew(self, claim):
        mine = self._claims[claim]
        notes, mine.notes = mine.notes, []
        return {"by": self._view.acquired_by(mine.place), "notes": notes, "why": "" if mine.member.up.is_set() else mine.member.why}

    async def release(self, claim):
        """Now, or as soon as the coordinator answers again: ``why`` it does not, "" when it did."""
        mine = self._claims.pop(claim, None)
        why = ""
        if mine is not None:
            try:
                await self._let_go(mine)
            except Refused as refused:
                why = str(refused)
                self._later.append(asyncio.create_task(self._insist(mine)))
            else:
                await mine.member.close()
        return {"why": why}

    async def free(self, place, by):
        """Release somebody's place, if it is still theirs."""
        await self._watcher.call("SetPlaceTags", pb2.SetPlaceTagsRequest(placename=place, tags={self._tag: ""}))
        await self._watcher.call("ReleasePlace", pb2.ReleasePlaceRequest(placename=place, fromuser=by))
        return {}

    async def release_all(self):
        """All that is left, for as long as that is worth trying."""
        self._later += [asyncio.create_task(self._insist(mine)) for mine in self._claims.values()]
        if self._later:
            await asyncio.wait(self._later, timeout=GIVE_UP_S)

    async def _insist(self, mine):
        while True:
            try:
                await self._let_go(mine)
            except Refused:
                await asyncio.sleep(RETRY_S)
            else:
                return await mine.member.close()

    async def _let_go(self, mine):
        if mine.kept is not None:
            mine.kept.cancel()
            await asyncio.gather(mine.kept, return_exceptions=True)
            mine.kept = None
        if not mine.place:
            return
        try:
            if self._view.acquired_by(mine.place) == mine.member.name:
                await self._set_tag(mine, "")
            # Only if it is ours: somebody else may have it by now.
            request = pb2.ReleasePlaceRequest(placename=mine.place, fromuser=mine.member.name)
            await mine.member.call("ReleasePlace", request)
        except Refused as refused:
            if refused.answer["kind"] == "away":
                raise
        mine.place = ""

    async def _keep(self, mine):
        while True:
            try:
                await self._look_after(mine)
            except Refused as refused:
                mine.note(f"place {mine.place}: {refused}")
            await asyncio.sleep(TICK_S)

    async def _look_after(self, mine):
        if not self._watcher.up.is_set():
            return
        if mine.place not in self._view.places:
            return mine.note(f"place {mine.place} is gone from the coordinator; the unit stays ours, its host's lock says so")
        by = self._view.acquired_by(mine.place)
        now_s = time.monotonic()
        if by == mine.member.name:
            if now_s - mine.touched_s >= self._beat_s:
                await self._beat(mine)
            mine.note("")
        elif by:
            mine.note(f"place {mine.place} is {by}'s at the coordinator; the unit stays ours, its host's lock says so")
        elif now_s - mine.touched_s > 2 * TICK_S:  # what we see may be a moment old
            mine.touched_s = now_s
            await mine.member.call("AcquirePlace", pb2.AcquirePlaceRequest(placename=mine.place))
            await self._beat(mine)
            mine.notes.append(f"place {mine.place} was nobody's at the coordinator (restarted, or released by a stranger): taken again")

    async def _beat(self, mine):
        await self._set_tag(mine, f"{mine.member.name}_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        mine.touched_s = time.monotonic()

    async def _set_tag(self, mine, value):
        await mine.member.call("SetPlaceTags", pb2.SetPlaceTagsRequest(placename=mine.place, tags={self._tag: value}))


async def serve(options, say):
    worker = Worker(**options)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    running = set()

    async def answer(request):
        try:
            told = await getattr(worker, request["verb"])(**request["arguments"])
        except Refused as refused:
            told = refused.answer
        except Exception as error:  # noqa: BLE001 - the other side must not wait for an answer that never comes
            told = {"error": f"{type(error).__name__}: {error}", "kind": "bug"}
        say({"id": request["id"], **told})

    def take(line):
        task = asyncio.create_task(answer(json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(take, line)
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, daemon=True).start()
    parent = os.getppid()
    say({"labgrid": labgrid_version()})
    # The parent too: a child that it forked may hold our standard input open.
    while not await _within(TICK_S, ended) and os.getppid() == parent:
        pass
    if running:
        await asyncio.wait(running, timeout=GIVE_UP_S / 2)
    await worker.release_all()


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer

    def say(answer):
        try:
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
        except OSError:
            pass  # nobody listens any more: what is held is released all the same

    asyncio.run(serve(json.loads(sys.argv[1]), say))
    os._exit(0)  # nothing is left to be tidied, and gRPC's threads are not waited for


async def _within(timeout_s, event):
    """Whether it is set by then."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait([waiting], timeout=timeout_s)
    waiting.cancel()
    return event.is_set()


def _path(path):
    return (path.exporter_name, path.group_name, path.resource_name)


def _scalar(value):
    kind = value.WhichOneof("kind")
    return getattr(value, kind) if kind else None


def _reservation(reservation):
    return {
        "token": reservation.token,
        "state": reservation.state,
        "place": reservation.allocations.get("main", ""),
        "now": reservation.created,
    }


if __name__ == "__main__":
    main()

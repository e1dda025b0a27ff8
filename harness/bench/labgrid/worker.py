"""The process that speaks with labgrid's coordinator: one JSON request a line in, one answer a line out. One for each run.

Started by ``session.Session`` under the Python that has labgrid, where little else may be: of ours it imports only ``coordinator``.
Each place is held by a connection of its own, since the coordinator knows a client by its connection and we want one name for each;
one more watches.

It holds what it acquired until it is told to release it, or its standard input ends, or its parent does: then it releases all and
ends. So a run that is killed frees its places within seconds, whoever killed it. What is held is renewed by a tag, and taken again
when the coordinator says that nobody has it: it forgets all acquisitions when it is restarted, and lets anybody release them.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

from labgrid.remote.generated import labgrid_coordinator_pb2 as pb2
from labgrid.util import labgrid_version

from harness.bench.labgrid.coordinator import RETRY_S, Member, Refused, View, within

TICK_S: Final = 1.0
#: How long what is left is tried to be released when the run has ended. A coordinator that is away for longer keeps it,
#: until somebody looks (``beat``).
GIVE_UP_S: Final = 20.0

Told = dict[str, Any]


class Claim:
    """One name, the place that it holds; what happens to it is said in a line without a number."""

    def __init__(self, member: Member, say: Callable[[str], None]) -> None:
        self.member = member
        self.place = ""
        self.say = say
        self.kept: asyncio.Task[None] | None = None
        self.busy = asyncio.Lock()  # while something is asked for it
        self.touched_s = 0.0
        self._noted = ""

    def note(self, what: str) -> None:
        """Say it once for as long as it stays so; "" when all is well."""
        if what and what != self._noted:
            self.say(what)
        self._noted = what


class Worker:
    """All claims of one run. Its public methods are the verbs of the requests."""

    def __init__(
        self, say: Callable[[Told], None], *, target: str, host: str, user: str, beat_s: float, tag: str
    ) -> None:
        self._say = say
        self._target, self._host, self._user = target, host, user
        self._beat_s, self._tag = beat_s, tag
        self._view = View()
        self._claims: dict[int, Claim] = {}
        self._later: list[asyncio.Task[None]] = []
        self._watcher = Member(target, f"{host}/{user}", self._view)

    async def places(self) -> Told:
        """What there is, and the coordinator's time, which nothing tells but a reservation that is made now (and taken back)."""
        made = await self._reserve(self._watcher, {"hil_clock": "none"}, -1.0)
        await self._watcher.call("CancelReservation", pb2.CancelReservationRequest(token=made.token))
        return {"now": made.created, **self._view.as_told()}

    async def join(self, claim: int) -> Told:
        """A name, for one place."""
        if claim not in self._claims:
            member = Member(self._target, f"{self._host}/{self._user}.{claim}")
            self._claims[claim] = Claim(member, lambda what: self._say({"note": what, "claim": claim}))
        return {"identity": self._claims[claim].member.name}

    async def reserve(self, claim: int, filters: dict[str, str]) -> Told:
        """Stand in the coordinator's queue."""
        return _told(await self._reserve(self._claims[claim].member, filters, 0.0))

    async def poll(self, claim: int, token: str) -> Told:
        """How that stands."""
        answer = await self._claims[claim].member.call("PollReservation", pb2.PollReservationRequest(token=token))
        return _told(answer.reservation)

    async def cancel(self, claim: int, token: str) -> Told:
        """Leave it."""
        await self._claims[claim].member.call("CancelReservation", pb2.CancelReservationRequest(token=token))
        return {}

    async def acquire(self, claim: int, place: str, insist: bool = False) -> Told:
        """Take the place, and keep it from now on. ``insist``: it is a run's already, whatever the coordinator says of it now."""
        mine = self._claims[claim]
        mine.place = place  # at once: an answer that is lost leaves an acquisition that we must release
        taken = True
        try:
            await self._watcher.ready()
            await mine.member.call("AcquirePlace", pb2.AcquirePlaceRequest(placename=place))
        except Refused as refused:
            refused.by = self._view.acquired_by(place)
            taken = refused.by == mine.member.name  # an answer was lost, or a worker before this one has taken it
            if not (taken or insist):
                if refused.kind == "refused":
                    mine.place = ""
                raise
        if taken:
            await self._beat(mine)
        mine.kept = asyncio.create_task(self._keep(mine))
        return {}

    async def release(self, claim: int) -> Told:
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

    async def free(self, place: str, by: str) -> Told:
        """Release somebody's place, if it is still theirs."""
        await self._watcher.ready()
        if self._view.acquired_by(place) == by:
            await self._watcher.call("SetPlaceTags", pb2.SetPlaceTagsRequest(placename=place, tags={self._tag: ""}))
            await self._watcher.call("ReleasePlace", pb2.ReleasePlaceRequest(placename=place, fromuser=by))
        return {}

    async def release_all(self) -> None:
        """All that is left, for as long as that is worth trying."""
        self._later += [asyncio.create_task(self._insist(mine)) for mine in self._claims.values()]
        if self._later:
            await asyncio.wait(self._later, timeout=GIVE_UP_S)

    # -- inside --------------------------------------------------------------------------------------------------------

    async def _reserve(self, member: Member, filters: dict[str, str], priority: float) -> Any:
        wish = {"main": pb2.Reservation.Filter(filter=filters)}
        answer = await member.call("CreateReservation", pb2.CreateReservationRequest(filters=wish, prio=priority))
        return answer.reservation

    async def _insist(self, mine: Claim) -> None:
        while mine.place:
            try:
                await self._let_go(mine)
            except Refused:
                await asyncio.sleep(RETRY_S)
        await mine.member.close()

    async def _let_go(self, mine: Claim) -> None:
        """``Refused`` when the coordinator is away: it is tried again then."""
        if mine.kept is not None:
            # Not in the middle of a call: one that takes the place again would be carried out after our release.
            async with mine.busy:
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
            if refused.kind == "away":
                raise
        mine.place = ""

    async def _keep(self, mine: Claim) -> None:
        while True:
            try:
                async with mine.busy:
                    await self._look_after(mine)
            except Refused as refused:
                mine.note(f"place {mine.place}: {refused}")
            except Exception as error:  # noqa: BLE001 - a place that is not looked after any more is taken for left behind
                mine.note(f"place {mine.place}: {type(error).__name__}: {error}")
            await asyncio.sleep(TICK_S)

    async def _look_after(self, mine: Claim) -> None:
        if not self._watcher.is_up:
            return
        place, by, now_s = mine.place, self._view.acquired_by(mine.place), time.monotonic()
        if place not in self._view:
            mine.note(f"place {place} is gone from the coordinator; the unit stays ours, its host's lock says so")
        elif by == mine.member.name:
            mine.note("")
            if now_s - mine.touched_s >= self._beat_s:
                await self._beat(mine)
        elif by:
            mine.note(f"place {place} is {by}'s at the coordinator; the unit stays ours, its host's lock says so")
        elif now_s - mine.touched_s > 2 * TICK_S:  # what is seen may be a moment old
            mine.touched_s = now_s
            await mine.member.call("AcquirePlace", pb2.AcquirePlaceRequest(placename=place))
            await self._beat(mine)
            mine.say(f"place {place} was nobody's at the coordinator, restarted or told so by a stranger: taken again")

    async def _beat(self, mine: Claim) -> None:
        await self._set_tag(mine, f"{mine.member.name}_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        mine.touched_s = time.monotonic()

    async def _set_tag(self, mine: Claim, value: str) -> None:
        await mine.member.call("SetPlaceTags", pb2.SetPlaceTagsRequest(placename=mine.place, tags={self._tag: value}))


async def serve(options: Told, say: Callable[[Told], None]) -> None:
    """Answer until standard input or the parent ends, then release all."""
    worker = Worker(say, **options)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    running: set[asyncio.Task[None]] = set()

    async def answer(request: Told) -> None:
        try:
            told = await getattr(worker, request["verb"])(**request["arguments"])
        except Refused as refused:
            told = refused.answer
        except Exception as error:  # noqa: BLE001 - the other side must not wait for an answer that never comes
            told = {"error": f"{type(error).__name__}: {error}", "kind": "bug", "by": ""}
        say({"id": request["id"], **told})

    def take(line: str) -> None:
        task = asyncio.create_task(answer(json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(take, line)
        loop.call_soon_threadsafe(ended.set)

    for number in (signal.SIGTERM, signal.SIGHUP):  # a service that is stopped: its processes are told, then killed
        loop.add_signal_handler(number, ended.set)
    parent = os.getppid()
    threading.Thread(target=read, daemon=True).start()
    say({"labgrid": labgrid_version()})
    # The parent too: a child that it forked may hold our standard input open.
    while not await within(TICK_S, ended) and os.getppid() == parent:
        pass
    if running:
        await asyncio.wait(running, timeout=GIVE_UP_S / 2)
    await worker.release_all()


def main() -> None:
    """With the options as JSON in the last argument."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer

    def say(answer: Told) -> None:
        try:
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
        except OSError:
            pass  # nobody listens any more: what is held is released all the same

    asyncio.run(serve(json.loads(sys.argv[-1]), say))
    os._exit(0)  # nothing is left to be tidied, and gRPC's threads are not waited for


def _told(reservation: Any) -> Told:
    place = reservation.allocations.get("main", "")
    return {"token": reservation.token, "state": reservation.state, "place": place}

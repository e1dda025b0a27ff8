"""Gives the night's cases to its places, one after the other, until there is none, no time, or somebody ends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from harness.bench import loans
from harness.bench.sources import Claim
from harness.clock import Clock
from harness.errors import BenchError
from harness.evidence import layout
from harness.evidence.nightrecord import Lack, NightCase, Try
from harness.farm.nightly import left, words
from harness.farm.nightly.book import Book
from harness.farm.nightly.budget import Budget
from harness.farm.nightly.child import HIL, Child
from harness.farm.nightly.judging import Ended, Judging, earlier_tries
from harness.farm.nightly.rack import Bay, Rack, environment
from harness.farm.nightly.stopping import Stops
from harness.farm.schedule import Job, Outcome, Schedule, Worker
from harness.records import Verdict

_POLL_S: Final = 0.1
_LOOK_EVERY_S: Final = 1.0
_RENEW_EVERY_S: Final = 10.0
_TELL_EVERY_S: Final = 60.0
#: A health check is a few cases' worth of work.
_PROOF_S: Final = 1800.0
_STOPPED: Final = "the night was ended before it could run"


@dataclass
class _Running:
    """A case on its place."""

    job: Job
    worker: Worker
    title: str
    child: Child
    claims: list[Claim]
    renewed_s: float
    lent: tuple[str, ...] = ()
    resumed: bool = False


@dataclass
class Night:
    """The night while it runs. ``run`` returns when it is over; no process and no claim of it is left then."""

    book: Book
    schedule: Schedule
    rack: Rack
    budget: Budget
    judging: Judging
    clock: Clock
    stops: Stops
    tell: Callable[[str], None]
    program: Sequence[str] = HIL
    _running: dict[str, _Running] = field(default_factory=dict)  # by worker
    _proofs: dict[str, Child] = field(default_factory=dict)  # by unit
    _bays: dict[str, Bay] = field(default_factory=dict)  # by worker, as they stood last
    _looked_s: float = float("-inf")
    _told_s: float = float("-inf")
    _over: str = ""  # why nothing more begins
    _over_by: Lack = "stopped"

    def run(self) -> None:
        """Until it is over. ``BenchError`` when the disk refuses; the cases that run are ended then as by a stop."""
        try:
            while not self.stops.by:
                self._collect()
                self._look()
                self._give()
                if not self._running and not self._proofs:
                    if not self._may_go_on():
                        break
                    self._tell_waiting()
                self.clock.sleep_s(_POLL_S)
            self._end_running()
            self._leave_the_rest()
        finally:
            self._close()

    def _look(self) -> None:
        now = self.clock.monotonic_s()
        if now - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = now
        try:
            bays = {bay.worker.id: bay for bay in self.rack.look()}
        except BenchError as error:  # who keeps the units is out of reach: those that we have, we have
            self.tell(f"the rack cannot be looked at: {error.what}")
            return
        self._bays = bays
        there = {worker.id for worker in self.schedule.workers}
        for name in there - set(self._running):
            # Also one that is not what it was: what went wrong on it meanwhile counts for what it gets.
            if name not in bays or not bays[name].ready or bays[name].worker not in self.schedule.workers:
                self.schedule.remove_worker(name, died=False)
        for name, bay in bays.items():
            if bay.worker.uid is not None:
                self.book.unit(bay.worker.uid, title=bay.title, board=bay.board, state=bay.state, reason=bay.why)
            if bay.ready and name not in {worker.id for worker in self.schedule.workers}:
                self.schedule.add_worker(bay.worker)
        self._prove()
        for lost in self.schedule.give_up(self._coming()):
            self._cannot(lost.job.id, lost.why)

    def _coming(self) -> list[Worker]:
        return [bay.worker for bay in self._bays.values() if bay.coming or bay.prove or bay.worker.uid in self._proofs]

    def _may_go_on(self) -> bool:
        """Whether there is anything to wait for: a unit that others have, with work for it that there is still time for."""
        if self._over:
            return False
        return any(
            self.schedule.peek(worker, self.budget.has_room) for worker in (*self.schedule.workers, *self._coming())
        )

    def _tell_waiting(self) -> None:
        """Who has the units that it waits for: at once, and once a minute."""
        now = self.clock.monotonic_s()
        away = [bay for bay in self._bays.values() if bay.coming and not bay.ready and bay.why]
        told = [bay.told for bay in away if self.schedule.peek(bay.worker, self.budget.has_room)]
        if told and now - self._told_s >= _TELL_EVERY_S:
            self._told_s = now
            self.tell(f"waits for {'; '.join(told)}")

    def _give(self) -> None:
        if self._over:
            return
        for worker in self.schedule.workers:
            if self.stops.by or len(self._running) >= self.rack.slots:
                return
            if not self._is_idle(worker):
                continue
            job = self.schedule.peek(worker, self.budget.has_room)
            if job is not None and not self._is_stopped(job):
                self._begin(job, worker)

    def _is_stopped(self, job: Job) -> bool:
        """Whether the safety valve is shut, for the case or for the night."""
        found = self.rack.stopped(job.id)
        if found is not None and found.night:
            self._over, self._over_by = found.why, "valve"
            self.tell(f"nothing more is begun: {found.why}")
        elif found is not None:
            self._take_out(job, "valve", found.why)
        return found is not None

    def _take_out(self, job: Job, lack: Lack, why: str) -> None:
        """It is not run, whatever units there are."""
        self.schedule.drop(job.id)
        case = self.book.case(job.id)
        if any(one.verdict is not None for one in case.tries):
            self._end(case.id, why)
            return
        case = self.book.change(job.id, state="left", lack=lack, why=why)
        self._say("not run", case, why.partition("\n")[0])

    def _begin(self, job: Job, worker: Worker) -> None:
        """Start a case, if its place can be had. One that was broken off goes on where its answers are from."""
        case = self.book.case(job.id)
        try:
            claim = self.rack.claim(worker, f"hil nightly {self.book.night.name}: {case.id}")
        except BenchError as error:
            self._looked_s = float(
                "-inf"
            )  # somebody was quicker: whether it is worth waiting is told when it is looked at
            why = ": ".join(str(part) for part in (error.what, error.found) if part)
            self._bays[worker.id] = replace(self._bays[worker.id], ready=False, coming=True, why=why)
            return
        self.schedule.next_for(worker.id, lambda other: other.id == job.id)
        uid = worker.uid or ""
        past = [one for one in case.tries if one.verdict is not None]
        if past and left.has_record(self.book.root, case.id):
            place = left.set_aside(self.book.root, case.id, len(past))
            self.judging.keep(place)
        earlier = left.unfinished(self.book.root, case.id)
        if earlier is not None and uid not in left.units_of(self.book.root, case.id) and uid:
            earlier = None  # what is measured is measured on one unit
        folder = left.made(self.book.root, case.id)
        claims = [] if claim is None else [claim]
        lent = self._lend(case, worker, folder, claims)
        # Written down first: whoever goes on with a night that was killed now looks for its process.
        self.book.began(case.id, Try(unit=uid, lent=lent, began=self.clock.now()))
        child = Child(
            [*self.program, *words.of_case(case, folder, self.rack.words(worker), earlier)],
            folder / left.SAID,
            self.clock,
            deadline_s=case.deadline_s,
            **environment(self.book.night.session, earlier_tries(case)),
        )
        self._running[worker.id] = _Running(
            job, worker, self._bays[worker.id].title, child, claims, self.clock.monotonic_s(), lent, earlier is not None
        )

    def _is_idle(self, worker: Worker) -> bool:
        lent = {uid for one in self._running.values() for uid in one.lent}
        return worker.id not in self._running and worker.uid not in lent and self._bays[worker.id].ready

    def _lend(self, case: NightCase, worker: Worker, folder: Path, claims: list[Claim]) -> tuple[str, ...]:
        """Idle units of its kind for a case that spreads its samples over several; their claims are added to ``claims``."""
        if not case.shards or worker.uid is None:
            return ()
        most = len(self._bays) if case.shards == "auto" else int(case.shards) - 1
        lent: list[str] = []
        for other in self.schedule.workers:
            if len(lent) == most:
                break
            if other.id == worker.id or other.board != worker.board or not self._is_idle(other) or other.uid is None:
                continue
            try:
                found = self.rack.claim(other, f"hil nightly {self.book.night.name}: {case.id}")
            except BenchError:
                continue
            claims += [found] if found is not None else []
            lent.append(other.uid)
        if lent:
            try:
                loans.lend(folder, case.id, lent)
            except OSError as error:
                raise left.refused(folder, error) from error
        return tuple(lent)

    def _give_back(self, one: _Running) -> None:
        if one.lent:
            loans.give_back(left.running(self.book.root, one.job.id), one.job.id)
        for claim in one.claims:
            claim.release()

    def _collect(self) -> None:
        for name, one in list(self._running.items()):
            status = one.child.poll()
            if status is None:
                self._renew(one)
                continue
            del self._running[name]
            self._finish(one, status)
        for uid, child in list(self._proofs.items()):
            if child.poll() is not None:
                del self._proofs[uid]
                self._looked_s = float("-inf")

    def _finish(self, one: _Running, status: int) -> None:
        stopped = bool(self.stops.by)
        ended = self.judging.ended(
            one.job.id, one.worker, status, late=one.child.late, stopped=stopped, resumed=one.resumed
        )
        if ended.killed:
            case = self.book.case(one.job.id)
            for line in self.rack.died(one.worker, case.last.run_id if case.last else "", test=case.id):
                self.tell(line)
        self._give_back(one)
        self.rack.used(one.worker)
        self._looked_s = float("-inf")
        outcome = _outcome(ended)
        case = self.book.case(one.job.id)
        if outcome is None:
            self.schedule.remove_worker(one.worker.id, died=False)
            if ended.anew:
                self.book.change(case.id, state="waiting", tries=case.tries[:-1])
            else:
                self.book.change(case.id, state="interrupted")
            self._say("anew" if ended.anew else "interrupted", case, _first_line([ended.why or one.title]))
            return
        final = self.schedule.done(one.worker.id, one.job.id, outcome)
        if one.worker.uid is None:
            self.schedule.remove_worker(one.worker.id, died=False)
        if ended.lack is not None:
            case = self.book.change(case.id, state="left", lack=ended.lack, why=ended.why, tries=case.tries[:-1])
            self._say("not run", case, ended.why.partition("\n")[0])
        elif final:
            self._end(case.id, one.title)
        else:
            case = self.book.change(case.id, state="waiting")
            self._say("again", case, f"{one.title}: {_first_line(ended.reasons)}")

    def _end(self, case_id: str, title: str) -> None:
        """A case has come to its verdict."""
        case = self.book.change(case_id, state="ended")
        self.judging.keep(left.kept(self.book.root, case_id))
        self._say(str(case.verdict), case, title)
        night = self.book.night
        counts = {verdict: sum(one.verdict is verdict for one in night.cases) for verdict in Verdict}
        for verdict, most in ((Verdict.FAIL, night.max_fails), (Verdict.ERROR, night.max_errors)):
            if most is not None and counts[verdict] >= most and not self._over:
                self._over = f"{counts[verdict]} cases came to {verdict}, and the rack plan stops on {most}"
                self.tell(f"nothing more is begun: {self._over}")

    def _cannot(self, case_id: str, why: str) -> None:
        """No unit is left for it."""
        case = self.book.case(case_id)
        if any(one.verdict is not None for one in case.tries):  # nobody could try it again: it came to what it came to
            self._end(case_id, "no other unit")
            return
        told = [bay.told for bay in self._bays.values() if bay.board == case.board and bay.why]
        case = self.book.change(case_id, state="left", lack="unit", why="\n".join([why, *told]))
        self._say("not run", case, why)

    def _prove(self) -> None:
        """Units that must prove themselves do so beside the cases of others."""
        for bay in self._bays.values():
            uid = bay.worker.uid
            if uid is None or not bay.prove or uid in self._proofs or bay.worker.id in self._running:
                continue
            check = self.rack.proof(bay.worker)
            said = self.book.root / f"{layout.safe(uid)}.check.log"
            self._proofs[uid] = Child(
                [*self.program, *check], said, self.clock, deadline_s=_PROOF_S, **environment(self.book.night.session)
            )
            self.tell(f"{bay.title} must prove itself: {bay.why}")

    def _end_running(self) -> None:
        """Ask all that runs to end, at once, and see that it does."""
        for child in [*(one.child for one in self._running.values()), *self._proofs.values()]:
            child.stop()
        while self._running or self._proofs:
            if self.stops.hurry:
                for child in [*(one.child for one in self._running.values()), *self._proofs.values()]:
                    child.close()
            self._collect()
            self.clock.sleep_s(_POLL_S)

    def _leave_the_rest(self) -> None:
        """Every case that has not run says why."""
        for case in self.book.night.of_state("waiting"):
            if self.stops.by:
                self.book.change(case.id, state="left", lack="stopped", why=_STOPPED)
            elif any(one.verdict is not None for one in case.tries):
                self._end(case.id, "not tried again")
            elif self._over:
                self.book.change(case.id, state="left", lack=self._over_by, why=self._over)
            elif not self.budget.has_room_for(case.id) and self._has_a_unit(case):
                self.book.change(case.id, state="left", lack="budget", why=self.budget.why(case.id))
            else:
                self._cannot(case.id, f"no {case.board} became free")

    def _has_a_unit(self, case: NightCase) -> bool:
        """Whether one that fits took work, as far as is known: else it was not the time that was missing."""
        return any(
            bay.ready and not bay.why and bay.worker.board in (None, case.board) and bay.worker.tags >= set(case.tags)
            for bay in self._bays.values()
        )

    def _renew(self, one: _Running) -> None:
        now = self.clock.monotonic_s()
        if now - one.renewed_s < _RENEW_EVERY_S:
            return
        one.renewed_s = now
        for claim in one.claims:
            try:
                for line in claim.renew():
                    self.tell(f"{claim.place.title}: {line}")
            except BenchError as error:  # the lock on the unit's own host still stands: the case goes on
                self.tell(f"{claim.place.title}: its place is not ours any more: {error.what}")

    def _close(self) -> None:
        for child in [*(one.child for one in self._running.values()), *self._proofs.values()]:
            child.close()
        for one in self._running.values():
            self._give_back(one)
        self._running.clear()
        self._proofs.clear()

    def _say(self, what: str, case: NightCase, more: str) -> None:
        cases = self.book.night.cases
        through = sum(one.state in ("ended", "left") for one in cases)
        took = f", {case.last.wall_s:.0f} s" if case.last and case.last.ended and case.state != "left" else ""
        self.tell(f"[{through:>{len(str(len(cases)))}}/{len(cases)}] {what:<12} {case.id}  ({more}{took})")


def _first_line(reasons: Sequence[str]) -> str:
    return next((line for reason in reasons for line in reason.splitlines()), "no reason was told")


def _outcome(ended: Ended) -> Outcome | None:
    """What the schedule is told; None: it was broken off, by us."""
    if ended.interrupted or ended.anew:
        return None
    if ended.verdict is None:
        return Outcome.SKIPPED
    return Outcome.KILLED if ended.killed else Outcome(ended.verdict.value)

"""Places of labgrid's own coordinator and exporter, run as they are: what its own client says decides.

They are found as ``harness.bench.labgrid.python`` finds them (HIL_LABGRID); without them all here is skipped.
"""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import harness
from harness.bench import lease
from harness.bench.labgrid import beat, export, python
from harness.bench.labgrid.address import parse
from harness.bench.labgrid.hosts import Stand
from harness.bench.labgrid.session import Held, Session
from harness.bench.places import Place
from harness.bench.sources.labgrid import Labgrid
from harness.errors import BenchError
from harness.testing.labgrid_lab import Lab, commands

FULL = os.environ.get("HIL_FULL") == "1"
pytestmark = pytest.mark.skipif(
    commands() is None, reason="labgrid is not installed: HIL_LABGRID names its environment"
)

UNITS = tuple(Place("nucleo_f446re", f"U{n}", "x", name=f"u{n}", tags=("mic",) if n == 0 else ()) for n in range(3))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("lab")) as made:
        made.exporter("rack1", export.exporter_file(UNITS, "hil@rack1"))
        made.places(
            {
                f"rack1-{u.name}": (
                    f"rack1/{u.name}/HilUnit",
                    {"board": u.board, "rack": "rack1"} | dict.fromkeys(u.tags, "yes"),
                )
                for u in UNITS
            }
        )
        yield made


@pytest.fixture(scope="module")
def stranger(lab):
    """Somebody with labgrid alone, and quicker than by its commands."""
    made = Session(parse(lab.url))
    made.host, made.run = "desk", "bob"
    yield made
    made.close()


def who(stranger):
    """Who has which place, by the coordinator."""
    return {place["name"]: place["acquired"] for place in stranger.seen().places if place["acquired"]}


class Hosts:
    """What the units' hosts would say, but for a network between: who holds which unit."""

    def __init__(self):
        self.stands = {}

    def __call__(self, there):
        return {(host, uid): self.stands.get(uid, Stand()) for host, uids in there.items() for uid in uids}


@pytest.fixture
def hosts():
    return Hosts()


@pytest.fixture
def source(lab, hosts, stranger):
    made = Labgrid(lab.url, look=hosts)
    yield made
    made.close()
    assert who(stranger) == {}, "a test has left a place acquired"


@pytest.fixture
def bobs(stranger):
    """A place that the stranger has."""
    number = stranger.join()
    stranger.acquire(number, "rack1-u0")
    yield f"{stranger.identity}.{number}"
    stranger.release(number)


def until(condition, within_s=30.0):
    """Poll: what others do takes them the time that it takes."""
    end_s = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < end_s, "it did not come to that"
        time.sleep(0.1)
    return found


def named(source, name):
    return next(place for place in source.list() if place.name == name)


def test_places_are_listed_with_what_is_needed_to_reach_them(lab, source):
    listed = sorted(source.list(), key=lambda place: place.name)
    assert [(place.name, place.uid, place.board, place.via, place.skip) for place in listed] == [
        (f"rack1-u{n}", f"U{n}", "nucleo_f446re", "hil@rack1", "") for n in range(3)
    ]
    assert listed[0].tags == ("mic", "mic=yes", "rack=rack1")
    tagged = Labgrid(f"{lab.url}?mic=yes", look=Hosts())
    assert [place.name for place in tagged.list()] == ["rack1-u0"]
    tagged.close()


def test_claims_are_acquisitions_under_names_of_their_own_that_labgrids_client_shows(lab, source):
    claims = [source.acquire(named(source, f"rack1-u{n}"), what="a test") for n in (0, 1)]
    assert lab.who() == {f"rack1-u{n}": claim.identity for n, claim in enumerate(claims)}
    assert len({claim.identity for claim in claims}) == 2
    assert all(beat.is_ours(claim.identity) for claim in claims)
    assert f"{beat.TAG}={claims[0].identity}" in lab.client("-p", "rack1-u0", "show")
    for claim in claims:
        claim.release()
        claim.release()
    assert lab.who() == {}
    assert beat.TAG not in lab.client("-p", "rack1-u0", "show")


def test_a_place_that_a_person_has_is_in_use_and_is_never_freed_by_us(stranger, source, bobs):
    with pytest.raises(lease.InUse, match=f"acquired by {bobs}"):
        source.acquire(named(source, "rack1-u0"), what="a test")
    assert source.reap(limit_s=-1e9) == ()
    assert who(stranger) == {"rack1-u0": bobs}


def test_two_runs_never_have_one_place_and_the_second_is_told_whose_it_is(lab, source, hosts):
    other = Labgrid(lab.url, look=hosts)
    try:
        claim = other.acquire(named(other, "rack1-u2"), what="the other")
        places = sorted(source.list(), key=lambda place: place.name, reverse=True)
        with pytest.raises(lease.InUse, match=claim.identity):
            source.acquire(places[0], what="a test")
        taken = source.acquire_any(places, what="a test", wait_s=0.0)
        assert taken.place.name == "rack1-u1"
        taken.release()
    finally:
        other.close()


def test_a_unit_in_use_on_its_host_is_not_ours_whatever_the_coordinator_says_and_another_is_taken(
    stranger, source, hosts
):
    hosts.stands["U0"] = Stand(holder="process 7 of ann (a night)")
    hosts.stands["U1"] = Stand(refusal="unit U1 is quarantined by health: it is worn")
    places = sorted(source.list(), key=lambda place: place.name)
    assert "worn" in places[1].skip
    with pytest.raises(lease.InUse, match="process 7 of ann"):
        source.acquire(places[0], what="a test")
    with pytest.raises(lease.OutOfService, match="worn"):
        source.acquire(places[1], what="a test")
    assert who(stranger) == {}
    claim = source.acquire_any(places, what="a test", wait_s=0.0)
    assert claim.place.uid == "U2"
    claim.release()


def test_a_claim_that_a_stranger_releases_is_taken_again_and_the_run_is_told(stranger, source):
    claim = source.acquire(named(source, "rack1-u0"), what="a test")
    stranger.free("rack1-u0", claim.identity)
    until(lambda: who(stranger) == {"rack1-u0": claim.identity})
    assert "told so by a stranger" in until(claim.renew)[0]
    claim.release()


def test_a_place_that_a_stranger_took_stays_theirs_and_our_release_does_not_free_it(stranger, source):
    claim = source.acquire(named(source, "rack1-u0"), what="a test")
    number = stranger.join()
    until(lambda: _taken(stranger, number, claim.identity))  # before ours takes it again
    until(lambda: any("desk/bob" in each for each in claim.renew()))
    claim.release()
    assert who(stranger) == {"rack1-u0": f"{stranger.identity}.{number}"}
    stranger.release(number)


def test_who_waits_stands_in_labgrids_queue_and_is_told_who_has_the_place(stranger, source, lab):
    number = stranger.join()
    stranger.acquire(number, "rack1-u0")
    told = []

    def tell(text):
        told.append(text)
        stranger.release(number)

    claim = source.acquire_any([named(source, "rack1-u0")], what="a test", wait_s=60.0, tell=tell)
    assert told == [f"waits for rack1-u0: rack1-u0: {stranger.identity}.{number}"]
    assert who(stranger) == {"rack1-u0": claim.identity}
    assert lab.client("reservations").strip() == ""  # nothing keeps the place when it is given back
    claim.release()


def test_waiting_ends_and_says_who_has_the_place(source, bobs):
    with pytest.raises(lease.InUse, match="stayed in use for 1 s") as caught:
        source.acquire_any([named(source, "rack1-u0")], what="a test", wait_s=1.0)
    assert bobs in caught.value.found


RUN = textwrap.dedent(
    """
    import os, sys, time
    from harness.bench.labgrid.hosts import Stand
    from harness.bench.sources.labgrid import Labgrid
    source = Labgrid(sys.argv[1], look=lambda there: {(h, u): Stand() for h, us in there.items() for u in us})
    for place in source.list()[:2]:
        source.acquire(place, what="a run")
    if os.fork() == 0:  # a child that holds what its parent had open
        os.write(1, b"child %d\\n" % os.getpid())
        time.sleep(600)
    os.write(1, b"worker %d\\n" % source.session._process.popen.pid)  # in one piece: both write there
    time.sleep(600)
    """
)


def test_a_run_that_is_killed_frees_its_places_and_leaves_no_process_though_a_child_of_it_lives_on(
    lab, stranger, source
):
    run = subprocess.Popen([sys.executable, "-c", RUN, lab.url], stdout=subprocess.PIPE, text=True)
    pids = {}
    try:
        pids = dict(run.stdout.readline().split() for _ in range(2))
        assert len(who(stranger)) == 2
        run.kill()
        run.wait()
        until(lambda: who(stranger) == {})
        until(lambda: not _lives(int(pids["worker"])))
        assert _lives(int(pids["child"]))
    finally:
        for pid in (run.pid, int(pids.get("child", 0))):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid or run.pid, signal.SIGKILL)
        run.wait()
        run.stdout.close()


def test_what_a_host_that_died_has_left_is_freed_by_the_next_of_us_that_looks(lab, stranger, source, bobs):
    dead = Session(parse(lab.url))
    dead.acquire(number := dead.join(), "rack1-u1")
    dead._process.popen.kill()
    dead._process.popen.wait()
    assert source.reap() == ()  # it has been renewed just now
    assert [each.by for each in source.reap(limit_s=-1.0)] == [f"{dead.identity}.{number}"]
    dead.close()
    assert who(stranger) == {"rack1-u0": bobs}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_process_that_is_killed_is_started_anew_and_holds_what_the_old_one_held(stranger, source, how):
    claim = source.acquire(named(source, "rack1-u0"), what="a test")
    worker = source.session._process.popen
    worker.send_signal(how)
    worker.wait()
    assert (who(stranger) == {}) == (how is signal.SIGTERM)  # as of a service that is stopped
    claim.renew()
    assert who(stranger) == {"rack1-u0": claim.identity}
    claim.release()


def test_what_a_worker_that_was_killed_held_is_released_all_the_same(stranger, source):
    claim = source.acquire(named(source, "rack1-u0"), what="a test")
    source.session._process.popen.kill()
    source.session._process.popen.wait()
    claim.release()
    assert who(stranger) == {}


HUNG = textwrap.dedent(
    """
    import asyncio, sys
    sys.path.append(sys.argv[1])
    import grpc
    from labgrid.remote.generated import labgrid_coordinator_pb2 as pb2, labgrid_coordinator_pb2_grpc as pb2_grpc
    from harness.bench.labgrid.coordinator import Member, Refused

    async def main():
        asked = asyncio.Event()

        class Coordinator(pb2_grpc.CoordinatorServicer):
            async def ClientStream(self, words, context):
                async for word in words:
                    if word.HasField("sync"):
                        yield pb2.ClientOutMessage(sync=word.sync)
                        await asked.wait()
                        return  # the stream ends while a call is under way

            async def AcquirePlace(self, request, context):
                asked.set()
                await asyncio.sleep(60)

        server = grpc.aio.server()
        pb2_grpc.add_CoordinatorServicer_to_server(Coordinator(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        member = Member(f"127.0.0.1:{port}", "desk/me")
        try:
            await member.call("AcquirePlace", pb2.AcquirePlaceRequest(placename="p"))
        except Refused as refused:
            print(refused.kind, "-", refused, flush=True)
        await member.close()
        await server.stop(0)

    asyncio.run(main())
    """
)


def test_a_call_whose_connection_ends_under_it_finds_the_coordinator_away():
    root = str(Path(harness.__file__).parents[1])
    run = subprocess.run(
        [str(python.find()), "-c", HUNG, root],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"]},
    )
    assert run.stdout == "away - the coordinator ended the connection\n", run.stderr


def test_a_place_that_is_somebody_elses_by_then_is_waited_for_by_the_new_worker(stranger, source):
    claim = source.acquire(named(source, "rack1-u0"), what="a test")
    source.session._process.popen.terminate()
    source.session._process.popen.wait()
    number = stranger.join()
    stranger.acquire(number, "rack1-u0")
    until(lambda: any("desk/bob" in line for line in claim.renew()))
    stranger.release(number)
    until(lambda: who(stranger) == {"rack1-u0": claim.identity})
    claim.release()


@pytest.mark.skipif(not FULL, reason="waits for a coordinator to come up again; with HIL_FULL=1")
def test_a_coordinator_that_is_restarted_has_forgotten_us_and_is_reminded(lab, stranger, source):
    claim = source.acquire(named(source, "rack1-u0"), what="a test")
    before = lab.coordinator.log.read_text()
    lab.coordinator.stop()
    lab.coordinator.start()
    until(lambda: not lab.exporters["rack1"].running)  # as labgrid has it: whoever watches over it starts it again
    lab.exporters["rack1"].start()
    until(lambda: who(stranger) == {"rack1-u0": claim.identity})
    assert "restarted" in until(claim.renew)[0]
    until(lambda: not any(place.skip for place in source.list()))
    assert "place acquired by" in lab.coordinator.log.read_text()[len(before) :]
    claim.release()


@pytest.mark.skipif(not FULL, reason="waits until nobody answers; with HIL_FULL=1")
def test_no_coordinator_is_told_with_where_it_was_looked_for(hosts):
    nowhere = Labgrid("labgrid://127.0.0.1:1/", look=hosts)
    try:
        with pytest.raises(BenchError, match="coordinator does not answer") as caught:
            nowhere.list()
        assert "127.0.0.1:1" in caught.value.where
    finally:
        nowhere.close()


def _taken(stranger, number, by):
    stranger.free("rack1-u0", by)
    try:
        stranger.acquire(number, "rack1-u0")
    except Held:
        return False
    return True


def _lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.environ.get("HIL_FULL") != "1", reason="dozens of labgrid-client's commands; with HIL_FULL=1")
def test_the_script_that_makes_places_may_be_run_again_and_makes_what_is_listed(lab, tmp_path, hosts):
    units = (
        Place("nucleo_f446re", "V1", "x", name="v1", tags=("mic", "x")),
        Place("nucleo_f446re", "V10", "x", name="v10"),
    )
    lab.exporter("rack9", export.exporter_file(units, "rack9"))
    path = f"{lab.bin}{os.pathsep}{os.environ['PATH']}"
    for _ in range(2):
        run = subprocess.run(
            ["sh"], input=export.places_script(units[::-1], "rack9"), text=True, capture_output=True,
            env={**os.environ, "PATH": path, "LG_COORDINATOR": lab.listen},
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr
        listed = Labgrid(f"{lab.url}?rack=rack9", look=hosts)
        try:
            found = sorted(listed.list(), key=lambda place: place.name)
            assert [(place.name, place.uid, place.skip, place.via) for place in found] == [
                ("rack9-v1", "V1", "", "rack9"),
                ("rack9-v10", "V10", "", "rack9"),
            ]
            claim = listed.acquire(found[0], what="a run that is on")  # the script must leave it alone
        finally:
            listed.close()
    assert claim.place.tags == ("mic", "x", "mic=yes", "rack=rack9")

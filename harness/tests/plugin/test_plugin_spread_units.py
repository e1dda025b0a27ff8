"""Which units a run claims, in which order, and what it lends: with real leases of units that need not be there."""

import pytest

from harness.bench import lease, loans, rackstate
from harness.bench.places import Place
from harness.bench.rackstate import State
from harness.bench.sources.local import Local
from harness.plugin.spread.lending import Lending
from harness.plugin.spread.pool import Pool

STM32, PSOC6 = "nucleo_f446re", "cy8cproto_062_4343w"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "run"))


@pytest.fixture
def pool(tmp_path):
    """Three units of a kind and one of another, one of them with a tag."""
    bench = tmp_path / "bench.yaml"
    lines = [(STM32, "a", ""), (STM32, "b", ", tags: [oven]"), (STM32, "c", ""), (PSOC6, "d", "")]
    bench.write_text("units:\n" + "".join(f"- {{board: {k}, uid: {u}, port: /dev/x{u}{t}}}\n" for k, u, t in lines))
    source = Local(bench)
    pool = Pool(source.list(), source, "a test")
    yield pool
    pool.close()


def uids(places):
    return [place.uid for place in places]


def test_each_kind_has_one_unit_before_any_has_a_second(pool):
    assert uids(pool.take_some(3, [STM32, PSOC6])) == ["a", "d", "b"]
    assert lease.reserver("a").what == "a test"
    assert lease.holder("c") is None


def test_as_many_as_there_are_where_nobody_says_how_many(pool):
    assert uids(pool.take_some(None, [PSOC6, STM32])) == ["d", "a", "b", "c"]


def test_units_that_are_not_trusted_come_last_and_those_out_of_service_never(pool):
    rackstate.move("a", State.SUSPECT, reason="it was odd", by="tests")
    rackstate.move("b", State.QUARANTINED, reason="it is broken", by="tests")
    assert uids(pool.may_come()) == ["c", "d", "a"]
    assert uids(pool.take_some(None, [STM32])) == ["c", "a"]
    assert pool.absent(lambda place: place.board == STM32) == [f"b ({STM32}): quarantined: it is broken"]


def test_a_unit_that_somebody_has_is_passed_over_and_its_holder_is_named(pool):
    with lease.acquire("a", what="somebody else"):
        assert uids(pool.take_some(1, [STM32])) == ["b"]
        (told, *_) = pool.absent()
        assert told.startswith(f"a ({STM32}): unit a is in use: process ")
        assert "somebody else" in told
    assert pool.take(pool.places[0])


def test_what_is_put_away_is_free_for_others_and_not_taken_again(pool):
    (place,) = pool.take_some(1, [STM32])
    pool.put_away(place.uid, "it did not pass its health plan")
    assert lease.holder(place.uid) is None
    assert place.uid not in uids(pool.may_come())


def test_a_closed_pool_holds_nothing(pool):
    pool.take_some(None, [STM32, PSOC6])
    pool.close()
    assert [lease.holder(uid) for uid in "abcd"] == [None] * 4


def test_a_case_borrows_from_idle_workers_of_its_kind_then_what_is_free(pool, tmp_path):
    mine, psoc, other = pool.take_some(3, [STM32, PSOC6])
    lending = Lending(pool, tmp_path)
    assert lending.begin("gw0", "p/b/m", mine, 9, {"gw0": mine, "gw1": psoc, "gw2": other}, ()) == 2
    assert sorted(loans.lent(tmp_path, "p/b/m")) == ["b", "c"]  # gw2's, and the one that was free
    assert [lending.has(worker) for worker in ("gw0", "gw1", "gw2")] == [False, False, True]
    lending.end("gw0")
    assert loans.lent(tmp_path, "p/b/m") == ()
    assert not lending.has("gw2")
    assert pool.claimed("b")
    assert lease.holder("c") is None


def test_where_no_loan_can_be_written_nothing_is_lent_and_nothing_is_kept(pool, tmp_path, monkeypatch):
    def refuse(*loan):
        raise OSError("no space left on device")

    mine, other = pool.take_some(2, [STM32])
    lending = Lending(pool, tmp_path)
    monkeypatch.setattr(loans, "lend", refuse)
    assert lending.begin("gw0", "p/b/m", mine, 9, {"gw1": other}, ()) == 0
    assert not lending.has("gw1")
    assert lease.holder("c") is None


def test_no_more_is_lent_than_is_asked_for_and_only_what_has_the_tags(pool, tmp_path):
    (mine,) = pool.take_some(1, [STM32])
    assert Lending(pool, tmp_path).begin("gw0", "p/b/m", mine, 1, {}, ()) == 1
    assert Lending(pool, tmp_path).begin("gw1", "p/b/n", mine, 9, {}, ("oven",)) == 0  # it is lent already
    assert loans.lent(tmp_path, "p/b/m") == ("b",)


def test_the_unit_of_a_waiting_worker_that_dies_stays_claimed_until_the_loan_ends(pool, tmp_path):
    mine, other = pool.take_some(2, [STM32])
    lending = Lending(pool, tmp_path)
    lending.begin("gw0", "p/b/m", mine, 1, {"gw1": other}, ())
    assert lending.orphan("gw1")
    assert not lending.orphan("gw0")
    assert pool.claimed(other.uid)
    lending.end("gw0")
    assert lease.holder(other.uid) is None


def test_a_place_that_a_bench_file_leaves_out_is_never_claimed(pool):
    away = Pool([Place(STM32, "x", "/dev/x", skip="on loan")], Local(None), "a test")
    assert away.take_some(None, [STM32]) == []
    assert away.absent() == [f"x ({STM32}): skip: on loan"]

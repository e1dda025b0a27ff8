"""Which unit a run gets of those that a bench file names, and that it is the board that stood there before."""

import pytest

from harness.bench import discover, lease
from harness.bench.boards import load_board
from harness.bench.places import NoneFree, Place, check_free, known, lease_one, places_of
from harness.bench.power import switch_of
from harness.bench.taking import Wish, take_one
from harness.bench.unit import about, choose_backend, expected, open_unit
from harness.clock import SystemClock
from harness.errors import BenchError
from harness.plans.bench import load_bench
from harness.plans.power import VirtualPower
from harness.testing.rack import VirtualRack
from harness.virtual.host.hub import link_of

BOARD = load_board("nucleo_f446re")


def place(uid, **facts):
    return Place(BOARD.name, uid, f"port-of-{uid}", **facts)


def leased(places, uid=None, tags=()):
    found, held = lease_one(BOARD, places, uid, "a test", SystemClock(), tags)
    held.release()
    return found.uid


def test_a_unit_is_chosen_by_its_tags_its_id_or_its_name_and_never_one_that_is_skipped():
    places = [place("u1", skip="lent"), place("u2"), place("u3", tags=("mic", "fast"), name="left")]
    assert leased(places) == "u2"
    assert leased(places, tags=["mic"]) == "u3"
    assert leased(places, uid="left") == "u3"
    assert leased(places, uid="u3") == "u3"


def test_a_virtual_unit_is_known_as_one_when_it_is_gone_and_one_that_may_be_real_as_neither():
    hub = switch_of(VirtualPower.model_validate({"driver": "virtual", "hub": "h", "port": 1}))
    of_hub, by_link = place("v1", power=hub), Place(BOARD.name, "v2", str(link_of("v2")))
    for places, uid in [((of_hub, by_link), None), ((of_hub, place("u1")), "v1"), ((by_link,), "v2")]:
        assert expected(BOARD, "probe", places, uid).evidence == "emulated"
    for places, uid in [((), None), ((), "u1"), ((of_hub, place("u1")), None), ((of_hub, place("u1")), "u1")]:
        assert expected(BOARD, "probe", places, uid) is None
    assert expected(BOARD, "renode", (place("u1"),)).title == about("renode").title


def test_a_unit_that_nobody_can_be_says_what_was_asked_for_and_why_others_are_not_it():
    with pytest.raises(BenchError) as caught:
        lease_one(BOARD, [place("u1", skip="lent to Ada")], None, "a test", SystemClock(), ["mic"])
    text = str(caught.value)
    assert "with the tags mic" in text
    assert "skip: lent to Ada" in text


def test_a_unit_that_is_attached_needs_no_bench_file_and_not_waiting_for_it_says_so(monkeypatch):
    monkeypatch.setattr(discover, "attached", lambda board: (discover.Attached("a1", "port", ""),))
    wish = Wish("a test", 0.0)
    found, held = take_one(BOARD, (), None, (), wish, SystemClock())
    assert found.uid == "a1"
    with held, pytest.raises(NoneFree, match=r"a1 is in use, and this run does not wait"):
        check_free(BOARD, (), None)
    check_free(BOARD, (), None)
    with lease.acquire("a1", what="a run"), pytest.raises(lease.InUse) as caught:
        lease_one(BOARD, (), None, "hil rack check", SystemClock(), wait_s=0.0, care=True)
    assert "--no-wait" not in str(caught.value)


def test_beside_a_bench_file_nothing_is_taken_nor_what_it_lists_as_another_kind(monkeypatch):
    other = load_board("nucleo_l476rg")  # whose probe has the same USB id
    seen = tuple(discover.Attached(uid, "port", "") for uid in ("a1", "f1", "l1"))
    monkeypatch.setattr(discover, "attached", lambda board: seen)
    bench = [place("f1"), Place(other.name, "l1", "port")]
    assert [one.uid for one in known(BOARD, bench)] == ["f1"]
    assert [one.uid for one in known(BOARD, bench[1:])] == ["a1", "f1"]
    assert choose_backend(BOARD, "auto", bench[1:], None) == "probe"
    monkeypatch.setattr(discover, "attached", lambda board: seen[2:])
    assert choose_backend(BOARD, "auto", bench[1:], None) == "virtual"
    with lease.acquire("f1", what="a run"), pytest.raises(lease.InUse):
        lease_one(BOARD, bench, None, "a test", SystemClock(), wait_s=0.0)


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    with VirtualRack({BOARD.name: 1}, tmp_path_factory.mktemp("rack") / "bench.yaml") as rack:
        yield rack


def opened(rack):
    return open_unit(BOARD, backend="probe", places=places_of(load_bench(rack.bench)), what="test", clock=SystemClock())


def test_the_chip_that_the_bench_file_names_is_looked_for_before_anything_is_written(rack):
    with opened(rack) as unit:
        chip = unit.read_chip_id().hex()
    (uid,) = rack.uids
    rack.write(**{uid.replace("-", "_"): {"chip": chip}})
    with opened(rack) as unit:
        assert unit.facts().chip_id == chip
    rack.write(**{uid.replace("-", "_"): {"chip": "00" * 12}})
    with pytest.raises(BenchError) as caught, opened(rack):
        pytest.fail("a swapped board was opened")
    text = str(caught.value)
    assert chip in text
    assert "00" * 12 in text
    assert "hil discover --write" in text

"""Bench files: what is wrong in one is told with its line, what was probably meant, and nothing secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import PlanError
from harness.plans.bench import Bench, BenchUnit, dump_bench, load_bench, merged
from harness.plans.mistakes import PlanMistakes

BOARDS = ("nucleo_f446re", "nucleo_l476rg")
UNIT = "units:\n  - board: nucleo_f446re\n    uid: a\n    port: /dev/x\n"


@pytest.fixture
def refusal(tmp_path):
    def of(text):
        path = tmp_path / "rack.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(PlanError) as caught:
            load_bench(path, BOARDS)
        return caught.value

    return of


@pytest.mark.parametrize(
    ("text", "where", "next_step"),
    [
        ("unit: []\n", ":1:unit", "did you mean 'units'?"),
        (UNIT.replace("port:", "prot:") + "    via: h\n", ":4:units[0].prot", "did you mean 'port'?"),
        (UNIT.replace("f446re", "f446"), ":2:units[0].board", "did you mean 'nucleo_f446re'?"),
        (UNIT.replace("uid: a", "uid: 670E48"), ":3:units[0].uid", "put it in quotes"),
        (UNIT.replace("uid: a", "uid: 0670485155878281094634"), ":3:units[0].uid", "put it in quotes"),
        (
            UNIT + "    power: {driver: uhubclt, location: 1-1}\n",
            ":5:units[0].power.driver",
            "did you mean 'uhubctl'?",
        ),
        (
            UNIT + "    power: {driver: uhubctl, location: 1-1, prot: 2}\n",
            ":5:units[0].power.prot",
            "did you mean 'port'?",
        ),
        (UNIT + UNIT.removeprefix("units:\n").replace("/dev/x", "/dev/y"), ":5:units[1]", "remove one of the two"),
        (UNIT + UNIT.removeprefix("units:\n").replace("uid: a", "uid: b"), ":5:units[1]", "hil discover"),
    ],
)
def test_a_slip_is_told_with_its_line_and_what_was_meant(refusal, text, where, next_step):
    error = refusal(text)
    assert error.where.endswith(f"rack.yaml{where}")
    assert next_step in error.next_step


@pytest.mark.parametrize("uid", ['" a"', '"a "', '"a\\nb"', '""'])
def test_an_id_with_what_nobody_sees_is_refused(refusal, uid):
    assert refusal(UNIT.replace("uid: a", f"uid: {uid}")).expected == "text in one line, without blanks around it"


def test_a_name_is_one_that_a_command_can_be_given(refusal):
    assert "begin with '-'" in refusal(UNIT + "    name: -x\n").expected


def test_all_slips_are_told_at_once(refusal):
    error = refusal(UNIT + "    tags: mic\n    chip: 12\nhealth: {share: 25}\n")
    assert isinstance(error, PlanMistakes)
    assert [one.where.rpartition(":")[2] for one in error.each] == ["units[0].tags", "units[0].chip", "health.share"]


def test_only_keys_of_the_driver_are_offered(refusal):
    assert refusal(UNIT + "    power: {driver: ykush, host: h}\n").expected == "driver, model, port, serial"


@pytest.mark.parametrize(
    "power", ["{driver: shelly, host: 'u:secret@h'}", "{driver: http, on: 'http://u:secret@h/on'}"]
)
def test_a_password_in_an_address_is_not_shown(refusal, power):
    assert "secret" not in str(refusal(UNIT + f"    power: {power}\n"))


def test_units_that_are_skipped_or_elsewhere_share_no_port(tmp_path):
    (tmp_path / "rack.yaml").write_text(
        UNIT
        + "  - {board: nucleo_f446re, uid: b, port: /dev/x, skip: broken}\n"
        + "  - {board: nucleo_f446re, uid: c, port: /dev/x, via: rack2}\n"
    )
    assert len(load_bench(tmp_path / "rack.yaml", BOARDS).units) == 3


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(PlanError, match="no such bench file") as caught:
        load_bench(tmp_path / "rack.yaml")
    assert "hil discover --write" in caught.value.next_step


@given(st.text(min_size=1), st.lists(st.text()))
def test_whatever_people_write_reads_back_as_they_wrote_it(text, tags):
    bench = Bench(units=(BenchUnit(board="b", uid="1", port="p", notes=text, skip=text, tags=tuple(tags)),))
    path = _scratch / "rack.yaml"
    path.write_text(dump_bench(bench, f"of\x1b[31m {text}"), encoding="utf-8")
    assert load_bench(path) == bench


@pytest.fixture(autouse=True, scope="module")
def scratch(tmp_path_factory):
    global _scratch
    _scratch = tmp_path_factory.mktemp("benches")


def test_a_unit_that_is_away_does_not_keep_the_port_that_another_has_now(tmp_path):
    away, found = BenchUnit(board="b", uid="1", port="/dev/ttyACM0"), BenchUnit(board="b", uid="2", port="/dev/ttyACM0")
    now = merged(Bench(units=(away,)), [found])
    assert [(unit.uid, bool(unit.skip)) for unit in now.units] == [("1", True), ("2", False)]
    (tmp_path / "rack.yaml").write_text(dump_bench(now, "found"))
    assert load_bench(tmp_path / "rack.yaml") == now
    back = merged(now, [away.model_copy(update={"port": "/dev/ttyACM1"}), found])
    assert [(unit.port, unit.skip) for unit in back.units] == [("/dev/ttyACM1", ""), ("/dev/ttyACM0", "")]


def test_a_board_that_twister_had_lost_and_has_again_takes_work_again():
    lost = BenchUnit(board="b", uid="1", port="p", skip="not connected, says the hardware map", notes="by hand")
    found = BenchUnit(board="b", uid="1", port="q")
    assert merged(Bench(units=(lost,)), [found]).units == (found.model_copy(update={"notes": "by hand"}),)
    mine = lost.model_copy(update={"skip": "on Ada's desk"})
    assert merged(Bench(units=(mine,)), [found]).units[0].skip == "on Ada's desk"

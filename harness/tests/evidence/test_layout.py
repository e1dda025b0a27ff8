from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from harness.evidence import layout

ROOT = Path("run")


def test_a_case_lies_below_its_plan_its_board_and_its_model():
    assert layout.case_folder(ROOT, "digits/nucleo_f446re/cnn_int8") == ROOT / "digits" / "nucleo_f446re" / "cnn_int8"


def test_a_test_lies_below_its_module_under_its_own_name_with_its_parameters():
    found = layout.test_folder(ROOT, "tests/fast/test_kws.py::TestKws::test_it[nucleo_f446re]")
    assert found == ROOT / "tests" / "tests.fast.test_kws" / "TestKws.test_it[nucleo_f446re]"


def test_names_of_runs_sort_by_their_beginning():
    names = [layout.run_name(datetime(2026, 1, day, tzinfo=UTC), 99999 - day) for day in (1, 2, 3)]
    assert names == sorted(names)


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_tests_never_share_a_folder_and_none_leaves_the_runs(one: str, other: str):
    a, b = (layout.test_folder(ROOT, f"test_x.py::{name.replace('::', '')}") for name in (one, other))
    assert (a == b) == (one.replace("::", "") == other.replace("::", ""))
    assert a.parent == ROOT / "tests" / "test_x"
    assert len(a.name) <= 120
    assert a.name not in ("", ".", "..")

"""An emulator is one file found by its name: everything that is said of one comes from that file."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import harness
from harness.bench import boards, emulators
from harness.bench.boards import load_board
from harness.bench.emulators import About, backend_choices
from harness.bench.unit import about, choose_backend
from harness.errors import MisuseError

BOARD = load_board("nucleo_f446re")
HARNESS = Path(harness.__file__).parent
#: What is about one emulator alone may name it; in the last three "virtual" is virtual time, and a column's title.
MAY = re.compile(
    r"(tests|virtual|renode|qemu|testing/renode_double|bench/emulators)/|bench/probes/(renode|qemu)\.py"
    r"|linkbench/|cli/link_commands.py|cli/bench_commands.py|plans/power.py"  # the last: a switch of that name
)


@pytest.fixture
def sixth(monkeypatch, tmp_path):
    """A file that nobody has heard of, in the folder of emulators."""
    (tmp_path / "sixth.py").write_text(
        "from harness.bench.emulators import About\n"
        "ABOUT = About('the sixth', 'nothing at all', clock_modelled=False)\n"
        "def require(board): pass\n"
        "def start(board): raise NotImplementedError\n"
        "def examine(): return iter(())\n"
    )
    monkeypatch.setattr(emulators, "__path__", [*emulators.__path__, str(tmp_path)])
    yield "sixth"
    sys.modules.pop(f"{emulators.__name__}.sixth", None)


def test_a_new_file_is_a_backend_everywhere(sixth):
    assert sixth in backend_choices()
    assert choose_backend(BOARD, sixth, (), None) == sixth
    found = about(sixth)
    assert found is not None
    assert (found.caveat, found.clock_modelled) == ("the sixth: nothing at all", False)


def test_a_backend_that_is_none_lists_those_that_are():
    with pytest.raises(MisuseError, match="'seventh'") as caught:
        choose_backend(BOARD, "seventh", (), None)
    for name in ("auto", "probe", *emulators.names()):
        assert name in str(caught.value.expected)


@pytest.mark.parametrize("name", emulators.names())
def test_every_emulator_says_what_it_is(name):
    emulator = emulators.load(name)
    assert isinstance(emulator, ModuleType)
    assert isinstance(emulator.ABOUT, About)
    assert replace(emulator.ABOUT) == emulator.ABOUT
    assert "no latency" in emulator.ABOUT.caveat
    assert emulator.ABOUT.evidence == "emulated"
    assert callable(emulator.require)
    assert all(isinstance(emulator.can_be(boards.load_board(name)), bool) for name in boards.names())
    assert callable(emulator.start)
    assert all(finding.area == "emulators" for finding in emulator.examine())


def test_a_real_unit_has_no_stand_in():
    assert about("probe") is None


def test_no_other_file_names_an_emulator():
    names = "|".join(emulators.names())
    literal = re.compile(rf"""["'](?:{names})["']""")
    named = [
        f"{path.relative_to(HARNESS)}:{number}: {line.strip()}"
        for path in HARNESS.rglob("*.py")
        if not MAY.match(path.relative_to(HARNESS).as_posix())
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if literal.search(line)
    ]
    assert named == []

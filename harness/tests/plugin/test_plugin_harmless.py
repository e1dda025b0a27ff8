"""A project that happens to use our words is not touched: only tests with *our* fixtures are."""

import signal

import pytest
from plugin_runs import BOARD, digits_plan, pytest_in

CLASH = """
import signal
import pytest

@pytest.fixture
def board():
    return "chess"

@pytest.fixture
def dut(board):
    return board

@pytest.fixture
def dataset():
    return [1]

def test_own_fixture(board, dut, dataset):
    assert (board, dut, dataset) == ("chess", "chess", [1])

@pytest.mark.parametrize("board", ["go", "chess"])
def test_own_parametrize(board):
    assert board in ("go", "chess")

@pytest.mark.parametrize(("a", "board"), [(1, "go")])
def test_own_parametrize_of_two(a, board):
    assert board == "go"

@pytest.mark.parametrize("board, a", [("go", 1)])
class TestClass:
    def test_by_the_class(self, board, a):
        assert board == "go"

def helper(board="x"):
    return board

def test_own_argument():
    assert helper() == "x"

def test_an_error_of_its_own_is_told_by_pytest(dut):
    from harness.errors import BenchError
    with pytest.raises(BenchError):
        raise BenchError("x")

def test_signals_are_as_they_were():
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""


@pytest.mark.parametrize(
    "arguments",
    [(), ("-n", "1"), ("--board", BOARD, "test_clash.py"), ("-n", "2", "--board", BOARD, "test_clash.py")],
    ids=["bare", "xdist", "board", "board-xdist"],
)
def test_a_project_with_fixtures_of_the_same_names_passes_unchanged(tmp_path, arguments):
    # With --board SIGTERM is ours to answer; the rest is as before.
    extra = ("--deselect", "test_clash.py::test_signals_are_as_they_were") if "--board" in arguments else ()
    (tmp_path / "test_clash.py").write_text(CLASH)
    run = pytest_in(tmp_path, *arguments, *extra)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{7 if extra else 8} passed" in run.stdout, run.stdout
    assert "skipped" not in run.stdout
    if not extra:
        assert "hil" not in run.stdout.replace("plugins: hil", "")
    else:
        assert run.stdout.count(f"hil: nothing here is for {BOARD}; boards of the tests and plans named: (none)") == 1


@pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_board_that_no_plan_of_the_folder_given_names_is_told_with_those_that_they_do(tmp_path, how):
    digits_plan(tmp_path)
    (tmp_path / "test_it.py").write_text(
        "import pytest\n@pytest.mark.board('steval_stwinkt1')\ndef test_elsewhere(board):\n    pass\n"
    )
    run = pytest_in(tmp_path, "--board", "nucleo_l476rg", "testplans", *how)
    assert run.returncode == 5
    words = "hil: nothing here is for nucleo_l476rg; boards of the tests and plans named: "
    assert run.stdout.count(f"{words}cy8cproto_062_4343w, nucleo_f446re, steval_stwinkt1\n") == 1, run.stdout
    run = pytest_in(tmp_path, "--board", "nucleo_l476rg", "test_it.py", *how)
    assert run.stdout.count(f"{words}steval_stwinkt1\n") == 1, run.stdout


def test_a_run_of_someone_elses_tests_waits_for_none_of_what_ours_need(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "import sys\n"
        "def pytest_unconfigure(config):\n"
        "    print('loaded:', [m for m in ('numpy', 'pydantic', 'yaml', 'harness.records') if m in sys.modules])\n"
    )
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\ndef test_wrong():\n    assert False\n")
    run = pytest_in(tmp_path, "-p", "no:hypothesispytest")
    assert "1 failed, 1 passed" in run.stdout, run.stdout + run.stderr
    assert "loaded: []" in run.stdout, run.stdout + run.stderr


def test_an_error_below_a_foreign_dut_stays_a_failure_with_its_traceback(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\nfrom harness.errors import BenchError\n"
        "@pytest.fixture\ndef dut():\n    return 1\n"
        "def test_it(dut):\n    raise BenchError('theirs')\n"
    )
    run = pytest_in(tmp_path)
    assert "1 failed" in run.stdout
    assert "raise BenchError('theirs')" in run.stdout


def test_an_option_of_a_project_that_keeps_its_value_as_board_is_not_taken_for_ours(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--game', dest='board', default='chess')\n"
    )
    (tmp_path / "test_it.py").write_text(
        "def test_it(pytestconfig):\n    assert pytestconfig.option.board == 'chess'\n"
    )
    assert "1 passed" in pytest_in(tmp_path).stdout


def test_a_yaml_file_given_to_another_plug_ins_option_is_no_plan(tmp_path):
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser):\n    parser.addoption('--lab-env')\n")
    (tmp_path / "lab.yaml").write_text("targets: {}\n")
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    run = pytest_in(tmp_path, "--lab-env", "lab.yaml")
    assert "1 passed" in run.stdout, run.stdout


def test_a_fixture_that_hides_ours_and_asks_for_it_gets_it(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.fixture(scope='session')\ndef board(board):\n    return board.name + '!'\n"
        f"@pytest.mark.board({BOARD!r})\ndef test_it(board):\n    assert board == '{BOARD}!'\n"
    )
    assert "1 passed" in pytest_in(tmp_path).stdout


def test_our_dut_takes_the_name_that_a_project_parametrises_and_refuses_what_is_no_board(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        f"@pytest.mark.parametrize('board', [{BOARD!r}])\ndef test_named(dut, board):\n    assert dut.backend == 'virtual'\n"
        "@pytest.mark.parametrize('board', [8])\ndef test_chess(dut, board):\n    pass\n"
    )
    run = pytest_in(tmp_path, "--backend", "virtual")
    assert "1 passed, 1 error" in run.stdout, run.stdout
    assert "the fixture `dut` got a `board` that is none of ours" in run.stdout


def test_a_test_for_no_board_asked_for_is_skipped_in_our_words(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\ndef test_unmarked(board):\n    pass\n"
        "@pytest.mark.board('steval_stwinkt1')\ndef test_elsewhere(board):\n    pass\n"
    )
    assert "hil: no --board and no @pytest.mark.board" in pytest_in(tmp_path, "-rs").stdout
    run = pytest_in(tmp_path, "-rs", "--board", BOARD, "test_it.py")
    assert f"hil: --board {BOARD}; the test is for steval_stwinkt1" in run.stdout


def test_the_signal_handler_is_put_back(pytestconfig):
    from harness.plugin import ending

    class Config:
        stash = pytest.Stash()

    before = signal.getsignal(signal.SIGTERM)
    ending.arm(Config)
    ending.arm(Config)
    assert signal.getsignal(signal.SIGTERM) is not before
    ending.disarm(Config)
    ending.disarm(Config)
    assert signal.getsignal(signal.SIGTERM) is before


OWN_BOARD = """
def pytest_addoption(parser):
    parser.addoption("--board", action="store", default="chess", help="the game")
    parser.getgroup("theirs").addoption("--backend", default="none")
"""
OURS_THERE = f"""
import pytest

def test_theirs(pytestconfig):
    assert (pytestconfig.getoption("--board"), pytestconfig.getoption("board")) == ("go", "go")
    assert pytestconfig.getoption("--backend") == "none"

def test_ours(board):
    assert board.name == "{BOARD}"
"""


@pytest.mark.parametrize("how", ["conftest", "plug-in"])
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_project_with_an_option_board_of_its_own_keeps_it_and_has_ours_by_its_other_name(tmp_path, how, workers):
    (tmp_path / ("conftest.py" if how == "conftest" else "their_plugin.py")).write_text(OWN_BOARD)
    more = () if how == "conftest" else ("-p", "their_plugin")
    (tmp_path / "test_it.py").write_text(OURS_THERE)
    environment = {"PYTHONPATH": str(tmp_path)}
    run = pytest_in(tmp_path, *more, *workers, "-rs", "--board", "go", **environment)
    assert "1 passed, 1 skipped" in run.stdout, run.stdout + run.stderr
    assert "no --hil-board and no @pytest.mark.board" in run.stdout
    run = pytest_in(
        tmp_path,
        *more,
        *workers,
        "--board",
        "go",
        "--hil-board",
        BOARD,
        "--hil-backend",
        "virtual",
        "test_it.py",
        **environment,
    )
    assert "2 passed" in run.stdout, run.stdout + run.stderr
    assert "hil: --board and --backend are this project's own: hil's are --hil-board and --hil-backend" in run.stdout


def test_the_help_shows_whose_option_is_whose(tmp_path):
    (tmp_path / "conftest.py").write_text(OWN_BOARD)
    said = pytest_in(tmp_path, "--help").stdout
    assert "--hil-board=NAME" in said
    assert "--board=BOARD" in said
    assert "--samples=N, --hil-samples=N" in said


def test_without_a_clash_both_names_are_ours(tmp_path):
    (tmp_path / "test_it.py").write_text(f"def test_it(board):\n    assert board.name == {BOARD!r}\n")
    for option in ("--board", "--hil-board"):
        assert "1 passed" in pytest_in(tmp_path, option, BOARD, "test_it.py").stdout


def test_markers_and_destinations_of_the_same_names_are_the_projects(tmp_path):
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers --strict-config\n"
        "markers =\n    board(game): ours\n    hardware: slow\n    model(name): a mannequin\n"
    )
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n"
        "    for name in ('hil', 'samples', 'resume', 'firmware'):\n"
        "        parser.addoption(f'--their-{name}', dest=name, default='theirs')\n"
    )
    (tmp_path / "test_it.py").write_text(
        "import pytest\n@pytest.mark.board('chess')\n@pytest.mark.hardware\n@pytest.mark.model('anna')\n"
        "def test_it(request, pytestconfig):\n"
        "    assert request.node.get_closest_marker('board').args == ('chess',)\n"
        "    assert {getattr(pytestconfig.option, n) for n in ('hil', 'samples', 'resume', 'firmware')} == {'theirs'}\n"
        "@pytest.fixture\ndef reference():\n    return 1\n"
        "@pytest.mark.board('chess')\n@pytest.mark.parametrize('dataset', [1, 2])\n"
        "def test_own(dataset, reference):\n    assert reference == 1\n"
    )
    for arguments in ((), ("-n", "1")):
        run = pytest_in(tmp_path, *arguments)
        assert "3 passed" in run.stdout, run.stdout + run.stderr
        assert "skipped" not in run.stdout

"""Every row of the table of blame: each is read from the docstring and played."""

import re
import shutil
from types import SimpleNamespace

import pytest
from run_cases import BOARD, MODEL

from harness.bench import holders
from harness.bench.boards import load_board
from harness.bench.emulators import Findings
from harness.bench.probes import CoreReport, CoreState
from harness.build.symbols import Symbols
from harness.errors import BenchError, DeviceError, HostError, MisuseError, PlanError, TakenError, WedgedError
from harness.models import metadata
from harness.records import FaultReport, Verdict
from harness.run import blame, product
from harness.session.verbs import BoardFaultError, BoardGarbledError, BoardSilentError
from harness.testing.clock import ManualClock
from harness.wire.messages import ResetCause

ROWS = {
    row: (seen.strip(), verdict)
    for row, seen, verdict in re.findall(
        r"^    ([a-z]+[a-z-]+) +(\S.*?) +(mistake|error|fail) +\S", blame.__doc__, re.MULTILINE
    )
}
PLAYS = {}
CRASH = FaultReport(pc=0x08000100, lr=0x08000200, sp=0x20000000, psr=0, cfsr=0x10000, hfsr=0, bfar=0, mmfar=0)
SILENT, GARBLED, BROKEN = BoardSilentError("silent"), BoardGarbledError("garbage"), DeviceError("breaks the wire")


def play(row):
    def register(function):
        assert row not in PLAYS
        PLAYS[row] = function
        return function

    return register


class Scene:
    """A unit, its probe and its session as blame sees them; each answers as it was told, an exception is raised."""

    def __init__(self, symbols):
        self.symbols = symbols
        self.idle = CoreReport(CoreState.SLEEPING, pc=symbols.address_of("board_idle") + 4)
        self.busy = CoreReport(CoreState.RUNNING, pc=symbols.address_of("hil_nn_conv_s8") + 4)

    def judged(
        self,
        error,
        core=None,
        *,
        spoke=False,
        read_back=True,
        as_it_is=SILENT,
        again=None,
        moves=True,
        kept=None,
        core_fault="",
        unit=True,
        seen=None,
    ):
        """Blame for ``error``. ``again`` is what hello after a reset raises, ``kept`` the crash that it tells of then.

        ``as_it_is``: what hello without one gives or raises. ``moves``: after a reset a core that never spoke leaves its first
        instruction. ``seen`` is what an emulator has noticed.
        """
        resets = []

        def look():
            return answer(CoreReport(CoreState.RUNNING, pc=self.symbols.entry) if resets and not moves else core)

        def answer(what):
            if isinstance(what, Exception):
                raise what
            return what

        opened = SimpleNamespace(
            uid="unit-1",
            port="/nowhere/port",
            core_fault=core_fault,
            read_back=read_back,
            core=look,
            probe=SimpleNamespace(reset=lambda: resets.append(1)),
            clock=ManualClock(),
            findings=lambda: seen or Findings(),
            emulator_gone=lambda within_s: None,
            sharers=lambda: holders.others("/nowhere/port"),
        )
        session = SimpleNamespace(
            hello=lambda timeout_s: answer(as_it_is),
            restart=lambda reset, timeout_s: answer(again),
            fault=lambda: answer(kept),
        )
        session = session if spoke else None
        return blame.blame(error, opened if unit else None, session, self.symbols)


@play("built-image")
def _(scene, patch):
    return scene.judged(BROKEN, unit=False)


@play("core-ended")
def _(scene, patch):
    return scene.judged(BenchError("gone"), core_fault="the core jumped to nowhere")


@play("on-a-chip")
def _(scene, patch):
    assert scene.judged(blame.OnAChipError("every sample was answered, but"), spoke=True).row == "on-a-chip"
    return scene.judged(SILENT, scene.idle, seen=Findings(errors=("the PLL's input is too slow",)))


@play("mute-pin")
def _(scene, patch):
    seen = Findings(hints=("GPIOA is written while its clock is off",))
    assert scene.judged(SILENT, scene.idle, spoke=True, again=SILENT, seen=seen).row == "line-broken"
    assert scene.judged(GARBLED, scene.idle, seen=seen).row == "mute-pin"
    return scene.judged(SILENT, scene.idle, seen=seen)


@play("rig")
def _(scene, patch):
    return scene.judged(BenchError("the emulated board's process is gone"), spoke=True)


@play("crash")
def _(scene, patch):
    error = BoardFaultError("crashed")
    error.report = CRASH
    return scene.judged(error, spoke=True)


@play("shared-port")
def _(scene, patch):
    patch.setattr(holders, "others", lambda port: ("ModemManager (pid 77)",))
    found = scene.judged(SILENT, scene.busy, spoke=True, again=SILENT)
    assert "ModemManager (pid 77)" in found.reasons[0]
    return found


@play("not-flashed")
def _(scene, patch):
    assert scene.judged(SILENT, scene.busy, read_back=False).row == "not-flashed"
    return scene.judged(BROKEN, read_back=False)


@play("violation")
def _(scene, patch):
    return scene.judged(BROKEN, spoke=True)


@play("unreachable")
def _(scene, patch):
    return scene.judged(SILENT, BenchError("the chip does not answer the probe"), spoke=True)


@play("in-reset")
def _(scene, patch):
    return scene.judged(SILENT, CoreReport(CoreState.RESET), spoke=True)


@play("stopped")
def _(scene, patch):
    for state in (CoreState.HALTED, CoreState.LOCKUP):
        assert scene.judged(SILENT, CoreReport(state)).row == "stopped"
        assert scene.judged(SILENT, CoreReport(state), spoke=True).row == "stopped"
    return scene.judged(SILENT, CoreReport(CoreState.LOCKUP), spoke=True, again=SILENT)


@play("line-mute")
def _(scene, patch):
    return scene.judged(SILENT, scene.idle)


@play("line-damage")
def _(scene, patch):
    assert scene.judged(GARBLED, scene.idle, spoke=True).row == "line-damage"
    return scene.judged(GARBLED, scene.idle)


@play("never-began")
def _(scene, patch):
    at_rest = CoreReport(CoreState.HALTED, pc=scene.symbols.entry)
    assert scene.judged(SILENT, at_rest).row == "never-began"
    begun = CoreReport(CoreState.RUNNING, pc=scene.symbols.entry)
    assert scene.judged(SILENT, begun, spoke=True, again=SILENT).row == "line-broken"
    assert scene.judged(SILENT, CoreReport(CoreState.RUNNING, pc=scene.symbols.entry + 2)).row == "never-spoke"
    # In the middle of its start-up, and reset it does not even begin: the clock has gone, no firmware hangs so.
    assert scene.judged(SILENT, scene.busy, moves=False).row == "never-began"
    return scene.judged(SILENT, begun)


@play("never-spoke")
def _(scene, patch):
    assert scene.judged(GARBLED, scene.busy).row == "never-spoke"
    return scene.judged(SILENT, scene.busy)


@play("line-gap")
def _(scene, patch):
    board = SimpleNamespace(reset_cause=ResetCause.POWER)
    assert scene.judged(SILENT, scene.idle, spoke=True, read_back=False, as_it_is=board).row == "line-gap"
    # Nothing of it for a core that does something else, that must be reset to answer, or that its own fault has reset.
    assert scene.judged(SILENT, scene.busy, spoke=True, as_it_is=board).row == "hung"
    assert scene.judged(SILENT, scene.idle, spoke=True).row == "hung"
    crashed = SimpleNamespace(reset_cause=ResetCause.FAULT)
    assert scene.judged(SILENT, scene.idle, spoke=True, as_it_is=crashed, kept=CRASH).row == "crash-kept"
    assert scene.judged(SILENT, scene.idle, spoke=True, as_it_is=BenchError("the port is gone")).row == "rig"
    return scene.judged(SILENT, scene.idle, spoke=True, as_it_is=board, kept=CRASH)


@play("line-broken")
def _(scene, patch):
    return scene.judged(SILENT, scene.idle, spoke=True, again=SILENT)


@play("crash-kept")
def _(scene, patch):
    found = scene.judged(SILENT, scene.busy, spoke=True, kept=CRASH)
    assert found.fault.pc == CRASH.pc
    return found


@play("hung")
def _(scene, patch):
    return scene.judged(SILENT, scene.busy, spoke=True)


@play("worker-killed")
def _(scene, patch):
    return blame.worker_killed("worker 'gw0' crashed")


@pytest.fixture(scope="module")
def scene(image):
    return Scene(Symbols(image))


def test_the_table_is_read_whole():
    listed = blame.__doc__.partition("verdict  why\n")[2].strip().splitlines()
    assert len(listed) == len(ROWS) > 10


def test_each_row_is_played_and_no_play_lacks_its_row():
    assert set(PLAYS) | {"given-image"} == set(ROWS)


@pytest.mark.parametrize("row", PLAYS)
def test_it_is_as_the_table_says(row, scene, monkeypatch):
    found = PLAYS[row](scene, monkeypatch)
    assert (found.row, found.verdict) == (row, Verdict(ROWS[row][1])), found.reasons


def given(image, tmp_path, content):
    path = tmp_path / "given.elf"
    path.write_bytes(content)
    return product.read_product(metadata.load_model(MODEL), load_board(BOARD), path)


def test_an_image_of_another_board_or_model_given_by_hand_is_a_mistake(image):
    assert ROWS["given-image"][1] == "mistake"
    with pytest.raises(MisuseError, match="built for another board"):
        product.read_product(metadata.load_model(MODEL), load_board("steval_stwinkt1"), image)
    with pytest.raises(MisuseError, match="carries another model"):
        product.read_product(metadata.load_model("digits_cnn_f32"), load_board(BOARD), image)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x7fELF" + bytes(60), b"MZ" + bytes(1000)])
def test_what_is_no_elf_is_a_mistake(image, tmp_path, content):
    with pytest.raises(MisuseError):
        given(image, tmp_path, content)


def test_a_damaged_image_given_by_hand_is_taken_as_it_is_or_a_mistake_and_never_anything_else(image, tmp_path):
    import random

    whole, draw = image.read_bytes(), random.Random(8)
    for number in range(60):
        damaged = bytearray(whole[: draw.randrange(len(whole))] if number % 5 == 0 else whole)
        # The ELF's own tables are at its ends: there a byte is worth most.
        for _ in range(draw.choice([1, 1, 8])):
            at = draw.choice([draw.randrange(64), draw.randrange(len(whole)), len(whole) - 1 - draw.randrange(1500)])
            if at < len(damaged):
                damaged[at] ^= 1 << draw.randrange(8)
        try:
            found = given(image, tmp_path, bytes(damaged))
        except (MisuseError, PlanError):  # too large is one more thing that the damage may say
            continue
        if number % 10 == 0:
            Symbols(found.image.elf).describe(0x08000100)


def test_a_damaged_image_that_was_built_here_is_the_rigs_fault(image, tmp_path, monkeypatch):
    broken = tmp_path / "cached.elf"
    broken.write_bytes(b"\x7fELF" + bytes(60))

    def build(*_, **__):
        from harness.build.image import read_image

        return read_image(broken)

    monkeypatch.setattr(product.build, "build", build)
    with pytest.raises(BenchError, match="cache or the compiler"):
        product.build_product(metadata.load_model(MODEL), load_board(BOARD))


def test_a_file_without_names_is_described_by_its_addresses(image, tmp_path):
    copy = shutil.copy(image, tmp_path / "copy.elf")
    copy.write_bytes(b"\x7fELF" + bytes(60))
    assert Symbols(copy).describe(0x08000100) == "0x08000100"


@pytest.mark.parametrize(
    ("error", "whose"),
    [
        (BenchError("the probe is gone"), "unit"),
        (WedgedError("the probe did not finish"), "unit"),
        (HostError("the disk is full"), "host"),
        (TakenError("the port is busy"), "nobody"),
    ],
)
def test_a_rigs_fault_is_the_open_units_unless_it_is_the_hosts_or_nobodys(error, whose, scene):
    found = scene.judged(error).rig
    assert (found.whose, found.unit, found.row) == (whose, "unit-1", "rig")
    assert found.wedged is isinstance(error, WedgedError)


def test_without_a_unit_the_fault_is_the_hosts_and_a_unit_in_hand_is_remembered_by_the_error(scene):
    assert scene.judged(BenchError("no compiler"), unit=False).rig.whose == "host"
    error = BenchError("no probe has the id u7")
    error.unit = "u7"
    found = scene.judged(error, unit=False).rig
    assert (found.whose, found.unit) == ("unit", "u7")


def test_a_silent_board_whose_probe_hangs_is_wedged(scene):
    found = scene.judged(SILENT, core=WedgedError("the probe did not finish `core`"))
    assert (found.rig.row, found.rig.whose, found.rig.wedged) == ("unreachable", "unit", True)


def test_a_fail_has_no_fault_of_the_rig(scene):
    assert scene.judged(BROKEN).rig is None

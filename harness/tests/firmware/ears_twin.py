"""The front end and the network of firmware/tests/ears on the host, as much of a plan as they need, and their library."""

import ctypes
import subprocess
from types import SimpleNamespace

import numpy as np

from harness.build.compilers import host_compiler
from harness.data.dataset import Dataset
from harness.data.features import FrontEnd
from harness.paths import shipped
from harness.plans.continuous import Continuous, MajorityRule, SoundGate
from harness.plans.schema import ArgmaxRule
from harness.records import Tensor
from harness.run.played.playing import Playing

CLASSES = ("nothing", "one", "two")
MODEL = SimpleNamespace(
    inputs=(Tensor("rows", (1, 2, 2), "int8", 1.0, 0),), outputs=(Tensor("scores", (1, 3), "int8", 1 / 256, -128),)
)


def library(out):
    """Compiled with three slots."""
    folder = shipped("firmware")
    sources = [path for path in (folder / "src").rglob("*.c") if path.name != "main.c"]
    sources += [folder / "frontend" / name for name in ("hil_stream.c", "hil_decide.c")]
    sources += [folder / "tests" / name for name in ("library.c", "fake_board.c", "ears/ears.c")]
    zig = dict(host_compiler(sanitize=False).cmake)["HIL_CC"]
    command = [zig, "cc", "-std=c99", "-O2", "-shared", "-fPIC", "-fno-sanitize=all", "-DHIL_SLOTS=3u", "-DHIL_STREAM"]
    command += ["-Wl,-Bsymbolic", "-o", out]  # else zlib's crc32, which Python has loaded, would stand in for ours
    command += [f"-I{folder / name}" for name in ("src", "tests/ears", "tests", "frontend")]
    subprocess.run([*command, *sources], check=True, capture_output=True, timeout=300)
    return ctypes.CDLL(str(out))


class Ears(FrontEnd):
    """``wrong``: what is added to that stage, so that it differs from the board's."""

    name, sample_hz, window, hop, values, rows, state_words = "ears", 1, 4, 2, 2, 2, 1
    row_dtype = "uint16"
    parameters = tables = {}  # noqa: RUF012 # as the seam has them

    def __init__(self, **wrong):
        self._wrong = wrong

    def _stages(self, windows, state):
        before = state[:, :1].astype(np.int64) + np.arange(windows.shape[1])
        state[:, 0] += windows.shape[1]
        total = windows.astype(np.int64).sum(axis=2) + before + self._wrong.get("row", 0)
        row = np.stack([windows[..., -1].astype(np.int64), total], axis=-1) & 0xFFFF
        return {
            "before": (before + 1 + self._wrong.get("before", 0)).astype(np.uint32)[..., np.newaxis],
            "row": row.astype(np.uint16),
        }

    def encoded(self, rows, tensor):
        return (rows & 0x7F).astype(np.int8)


def network(inputs):
    newest = inputs.reshape(len(inputs), 2, 2)[:, 1, 0]
    return np.where(newest[:, None] == np.arange(3), 127, -128).astype(np.int8)


def playing(instants, front_end=None):
    """Recordings [N, instants] as stream_config.h of the tests plays them."""
    instants = np.atleast_2d(instants)
    data = Dataset(
        name="ears",
        split="test",
        classes=CLASSES,
        ids=np.array([f"r{i}" for i in range(len(instants))]),
        labels=np.full(len(instants), -1, dtype=np.int64),
        inputs=instants.astype(np.float32),
        events=(),
        sample_hz=1,
    )
    rule = MajorityRule(over=1, suppress_ms=5000)
    gate = SoundGate(above=10, backoff=0)
    continuous = Continuous(front_end="ears", rule=rule, background=("nothing",), sound_gate=gate)
    return Playing(data, front_end or Ears(), continuous, ArgmaxRule(), CLASSES)

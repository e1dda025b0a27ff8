"""Our C# models: they compile, as each version wants them, and do what the double plays for them. Needs mono's mcs."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.bench.boards import load_board
from harness.bench.emulators import renode as backend
from harness.renode.platform import sources
from harness.testing.renode_double.devices import Psoc6Scb
from harness.testing.renode_double.platform import included
from harness.testing.renode_double.quirks import VERSIONS
from harness.virtual.core.machine import Machine

API = Path(__file__).with_name("renode_api.cs")
IRQ = 44
REGISTERS = (0x000, 0x040, 0x204, 0x208, 0x300, 0x304, 0x308, 0x340, 0xE00, 0xF80, 0xF88, 0xF8C, 0xFC0, 0xFC8, 0xFCC)
needs_mono = pytest.mark.skipif(
    not (shutil.which("mcs") and shutil.which("mono")), reason="no mono: apt-get install mono-mcs mono-runtime"
)


def source(version):
    (text,) = sources(backend.facts(load_board("cy8cproto_062_4343w")), version).values()
    return text


@pytest.fixture(params=VERSIONS.values(), ids=VERSIONS)
def quirks(request):
    return request.param


@pytest.fixture
def program(tmp_path, quirks):
    """The model for a version with a driver, compiled; warnings are errors."""
    model = tmp_path / "model.cs"
    model.write_text(source(tuple(map(int, quirks.version.split(".")))))
    define = [] if quirks.machine_is_an_interface else ["-define:OLD"]
    command = ["mcs", "-langversion:6", "-warn:4", "-warnaserror", *define, f"-out:{tmp_path / 'drive.exe'}"]
    done = subprocess.run([*command, str(API), str(model)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path / "drive.exe"


def steps(seed, n=3000):
    draw = random.Random(seed)
    yield from ("w 0 2147483648", f"w {0xF88} 530", f"w {0xFC8} 4")
    for _ in range(n):
        kind = draw.random()
        if kind < 0.35:
            yield f"c {draw.randrange(256)}"
        elif kind < 0.6:
            yield f"r {draw.choice(REGISTERS)}"
        elif kind < 0.75:
            yield f"w {0x240} {draw.randrange(256)}"
        elif kind < 0.995:
            at = draw.choice((0x000, 0x304, 0xF80, 0xF88, 0xFC0, 0xFC8, 0x208))
            yield f"w {at} {draw.choice((0, 2, 4, 0x10000, 0x200, 0x217, 1 << 31, draw.randrange(1 << 32)))}"
        else:
            yield "x"


def played(lines):
    machine = Machine(168, part=0)
    model = Psoc6Scb("scb5", IRQ, machine.exceptions)
    sent = []
    model.transmit = lambda byte: sent.append(str(byte))
    for line in lines:
        kind, *numbers = line.split()
        at, *value = map(int, numbers or ["0"])
        sent.clear()
        read = 0
        if kind == "r":
            read = model.get(at)
        elif kind == "w":
            model.set(at, value[0])
        elif kind == "c":
            model.receive(at)
        else:
            model.reset()
        yield f"{read} {','.join(sent)} {machine.exceptions.levels >> 16 + IRQ & 1}"


@needs_mono
def test_the_psoc6_serial_block_compiles_and_does_what_the_double_plays(program):
    lines = list(steps(5))
    done = subprocess.run(["mono", str(program)], input="\n".join(lines) + "\n", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = list(played(lines))
    told = done.stdout.splitlines()
    assert len(told) == len(expected) > 3000
    differing = [(line, a, b) for line, a, b in zip(lines, told, expected, strict=True) if a != b]
    assert not differing, differing[:3]
    assert len(set(told)) > 100


def test_the_double_takes_a_model_only_as_its_version_compiles_it(quirks):
    version = tuple(map(int, quirks.version.split(".")))
    assert included(source(version), quirks) == "UART.HilPsoc6Scb"
    other = source((1, 16, 1) if version < (1, 15, 0) else (1, 13, 3))
    with pytest.raises(Exception, match="CS0246"):
        included(other, quirks)

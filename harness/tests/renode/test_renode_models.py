"""Our C# files: they compile, as each version wants them, and do what the double plays for them. Needs mono's mcs."""

import random
import re
import shutil
import struct
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from renode_lab import FACTS

from harness.bench.boards import load_board
from harness.bench.emulators import renode as backend
from harness.renode import soc
from harness.renode.machine import source
from harness.renode.platform import models, render
from harness.testing.renode_double.devices import Psoc6Scb, RegisterFile
from harness.testing.renode_double.external import External
from harness.testing.renode_double.platform import included
from harness.testing.renode_double.quirks import VERSIONS
from harness.virtual.core.machine import Machine

API = Path(__file__).with_name("renode_api.cs")
PSOC6 = backend.facts(load_board("cy8cproto_062_4343w"))
IRQ = 44
REGISTERS = (0x000, 0x040, 0x204, 0x208, 0x300, 0x304, 0x308, 0x340, 0xE00, 0xF80, 0xF88, 0xF8C, 0xFC0, 0xFC8, 0xFCC)
needs_mono = pytest.mark.skipif(
    not (shutil.which("mcs") and shutil.which("mono")), reason="no mono: apt-get install mono-mcs mono-runtime"
)


def numbers(quirks):
    return tuple(map(int, quirks.version.split(".")))


@pytest.fixture(params=VERSIONS.values(), ids=VERSIONS)
def quirks(request):
    return request.param


@pytest.fixture
def program(tmp_path, quirks):
    """Our files for a version with a driver, compiled; warnings are errors."""
    ours = tmp_path / "hil.cs"
    ours.write_text(source(models(PSOC6), numbers(quirks)))
    define = [] if quirks.machine_is_an_interface else ["-define:OLD"]
    command = ["mcs", "-langversion:6", "-warn:4", "-warnaserror", *define, f"-out:{tmp_path / 'drive.exe'}"]
    done = subprocess.run([*command, str(API), str(ours)], capture_output=True, text=True)
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


def drive(program, what, given, *arguments):
    done = subprocess.run(["mono", str(program), what, *arguments], input=given, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def drive_lines(program, what, lines, *arguments):
    return drive(program, what, ("\n".join(lines) + "\n").encode(), *arguments).decode().splitlines()


def assert_same(lines, told, expected):
    differing = [(line, a, b) for line, a, b in zip(lines, told, expected, strict=True) if a != b]
    assert not differing, differing[:3]
    assert len(set(told)) > 100


@needs_mono
def test_the_psoc6_serial_block_compiles_and_does_what_the_double_plays(program):
    lines = list(steps(5))
    told = drive_lines(program, "scb", lines)
    assert len(told) > 3000
    assert_same(lines, told, list(played(lines)))


def told_of(name, facts=FACTS):
    """What a platform description makes a register file with."""
    entry = re.search(rf"^{name}: Miscellaneous.HilRegisters.*?(?=^\S|\Z)", render(facts), re.MULTILINE | re.DOTALL)[0]
    return dict(re.findall(r'^    (\w+): "?(.*?)"?$', entry, re.MULTILINE))


def register_steps(offsets, seed, n=2000):
    draw = random.Random(seed)
    for _ in range(n):
        width, at = draw.choice((1, 2, 4)), draw.choice(offsets)
        at += draw.randrange(0, 4, width)
        kind = draw.random()
        if kind < 0.5:
            yield f"r{width} {at}"
        elif kind < 0.99:
            yield f"w{width} {at} {draw.randrange(1 << 8 * width)}"
        else:
            yield "x"


def register_played(told, lines):
    model = RegisterFile("rcc", told)
    for line in lines:
        kind, *words = line.split()
        at, value = (*map(int, words), 0, 0)[:2]
        if kind == "x":
            model.reset()
        elif kind[0] == "r":
            value = model.read(at, int(kind[1]))
        else:
            model.write(at, int(kind[1]), value)
        yield str(value)


@needs_mono
@pytest.mark.parametrize(("name", "facts"), [("rcc", FACTS), ("pwr", FACTS), ("srss", PSOC6)])
def test_a_register_file_does_what_the_double_plays(program, name, facts):
    told = told_of(name, facts)
    registers = soc.load(facts.soc).stubs[name]
    offsets = sorted(
        {*registers.reset, *(f.at for f in registers.follows), *(f.source for f in registers.follows), 0x3C}
    )
    lines = list(register_steps(offsets, 6))
    given = (told.get(key, "") for key in ("initial", "follows", "always"))
    assert_same(lines, drive_lines(program, "registers", lines, *given), list(register_played(told, lines)))


class Echo:
    """The board that ``renode_api.cs`` has, for the double's external."""

    def __init__(self):
        self.passed_s, self.sent, self._memory, self._vectors = 0.0, bytearray(), bytearray(0x1000), 0

    @property
    def executed(self):
        return round(self.passed_s * 1e6) * 3

    def run_for(self, duration_s):
        self.passed_s += duration_s

    def receive(self, byte):
        self.sent.append(~byte & 0xFF)

    def read(self, address, size):
        if address + size > len(self._memory):
            raise ValueError("no memory there")
        return bytes(self._memory[address : address + size])

    def write(self, address, data):
        if address + len(data) > len(self._memory):
            raise ValueError("no memory there")
        self._memory[address : address + len(data)] = data

    def reset(self, vectors):
        self._vectors = vectors

    def core(self):
        return self._vectors + 4, 14, 13, False


def requests(seed, n=400):
    draw = random.Random(seed)

    def some(limit):
        return bytes(draw.randrange(256) for _ in range(draw.randrange(limit)))

    for _ in range(n):
        kind = draw.choice("SSSSRWXC?")
        address = draw.randrange(0x1010)
        payload = {
            "S": struct.pack("<II", draw.choice((9600, 115_200, 921_600)), draw.choice((100, 500, 1700, 5000)))
            + some(40),
            "R": struct.pack("<II", address, draw.randrange(64)),
            "W": struct.pack("<I", address) + some(64),
            "X": struct.pack("<I", address),
        }.get(kind, b"")
        yield kind.encode() + struct.pack("<I", len(payload)) + payload


@needs_mono
def test_the_external_does_what_the_double_plays(program):
    given = b"".join(requests(7))
    answers = BytesIO()
    External(Echo(), lambda _seconds, _what: None).serve(BytesIO(given), answers)
    told = drive(program, "bench", given)
    assert len(told) > 4000
    assert told == answers.getvalue()


def test_the_double_takes_our_files_only_as_its_version_compiles_them(quirks):
    version = numbers(quirks)
    types = included(source(models(PSOC6), version), quirks)
    assert set(types) == {"UART.HilPsoc6Scb", "Miscellaneous.HilRegisters", "Hil.HilBench"}
    assert types["Miscellaneous.HilRegisters"] == ("size", "initial", "follows", "always")
    other = source(models(PSOC6), (1, 16, 1) if version < (1, 15, 0) else (1, 13, 3))
    with pytest.raises(Exception, match="CS0246"):
        included(other, quirks)

"""A QEMU for these tests where there is one, cases of the one board that can run in it, and images that go wrong."""

from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from harness.bench.boards import names
from harness.build.elf import seal
from harness.errors import BenchError
from harness.paths import shipped
from harness.plans import expand, load
from harness.qemu import locate

BOARD = "nucleo_l476rg"


def _why_not():
    try:
        locate.require()
    except BenchError as error:
        return error.what
    return ""


WHY_NOT = _why_not()
needs_qemu = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


def plan_in(folder: Path, name: str) -> Path:
    """A shipped plan that names this board too."""
    text = (shipped("testplans") / f"{name}.yaml").read_text(encoding="utf-8")
    path = folder / "testplans" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace("boards: [", f"boards: [{BOARD}, "), encoding="utf-8")
    return path


def case_of(plan: Path, model: str, samples: int | None = None):
    cases = expand(load(plan), boards=names(), only_boards=[BOARD], samples=samples)
    (case,) = [case for case in cases if case.model == model]
    return case


def replace_start(elf: Path, function: str, code: bytes) -> None:
    """Make an image's function begin with other instructions."""
    with elf.open("rb") as file:
        parsed = ELFFile(file)
        (symbol,) = parsed.get_section_by_name(".symtab").get_symbol_by_name(function)
        section = parsed.get_section(symbol["st_shndx"])
        offset = section["sh_offset"] + (symbol["st_value"] & ~1) - section["sh_addr"]
    content = bytearray(elf.read_bytes())
    content[offset : offset + len(code)] = code
    elf.write_bytes(content)
    seal(elf)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def plays_version(path: Path, version: str) -> Path:
    """A program that calls itself that version of QEMU, and leaves a mark when it is asked to emulate."""
    lines = [
        f"QEMU emulator version {version}",
        "Copyright (c) 2003-2022 Fabrice Bellard and the QEMU Project developers",
    ]
    said = "\n".join(f"echo '{line}'" for line in lines)
    return script(path, f'[ "$1" = --version ] || touch "{path}.started"\n{said}')

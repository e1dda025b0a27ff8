"""A bench file: the units of one host by name, for racks where discovery must not guess.

units:
  - board: nucleo_f446re
    uid: 066EFF485155878281094633          # the probe's unique id (`pyocd list`)
    port: /dev/serial/by-id/usb-STMicro... # the serial port, or a URL such as socket://rack2:7001
    power:                                 # if it has a switch: the commands for it
      on: "uhubctl -l 1-1 -p 2 -a on"
      off: "uhubctl -l 1-1 -p 2 -a off"
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import PlanError
from harness.paths import read_file
from harness.plans import hwmap
from harness.plans.yamltree import parse


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BenchPower(_Part):
    """The commands that switch a unit's power. No shell reads them: their words are split at blanks, quotes keep some together."""

    on: str = Field(min_length=1, description="Switches it on: ends with status 0 when it is.")
    off: str = Field(min_length=1, description="Switches it off.")


class BenchUnit(_Part):
    """One unit: which kind of board, its probe's unique id, its port's path or URL, and what switches its power."""

    board: str = Field(min_length=1, description="The kind of board it is: `hil boards` lists them.")
    uid: str = Field(min_length=1, description="The unique id of its probe, as `pyocd list` shows it.")
    port: str = Field(
        min_length=1,
        description="Its serial port: a path, or a URL such as `socket://rack2:7001` or `rfc2217://rack2:7001`.",
    )
    power: BenchPower | None = Field(
        default=None,
        description="The commands `on` and `off` of its power switch, for `dut.power`; left out: it has none.",
    )
    name: str = Field(default="", description="What people call it, instead of its probe's id.")
    tags: tuple[str, ...] = Field(
        default=(),
        description="What it has that others of its kind have not: `@pytest.mark.requires(TAG)` asks for it.",
    )
    chip: str = Field(
        default="",
        pattern="^([0-9a-f]{2})*$",
        description="The unique id of its chip in hexadecimal: a board that was swapped at this probe is told, not tested.",
    )
    usb: str = Field(default="", description="Where its probe is plugged in, as the system names it: `1-1.4`.")
    skip: str = Field(default="", description="Why it takes no work for now; left out: it does.")
    notes: str = Field(default="", description="For people.")


class Bench(_Part):
    """The units of a host."""

    units: tuple[BenchUnit, ...] = Field(min_length=1, description="One entry a unit.")


#: What a line may leave out, in the order in which it is written.
_TOLD = ("name", "tags", "chip", "usb", "skip", "notes")


def load_bench(path: Path, boards: Sequence[str] = ()) -> Bench:
    """Read and check a bench file, or Twister's hardware map of the kinds ``boards`` (none: of any).

    ``PlanError`` names file, line and key of what is wrong.
    """
    text = _text_of(path)
    tree = parse(text, str(path), "bench file")
    if hwmap.is_map(tree):
        return imported(path, boards).bench
    try:
        bench = Bench.model_validate(tree.value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise PlanError(
            "the bench file is wrong",
            where=tree.where(tuple(first["loc"])),
            expected="units: a list of {board, uid, port}, with power: {on, off} where there is a switch, and name, tags, chip,"
            " usb, skip, notes where they are known",
            found=first["msg"],
        ) from None
    return _each_once(bench, path)


@dataclass(frozen=True)
class Imported:
    """What became of a hardware map: the units, and in words what was left out or means nothing here."""

    bench: Bench
    told: tuple[str, ...]


def imported(path: Path, boards: Sequence[str] = ()) -> Imported:
    """Twister's hardware map as a bench. ``PlanError`` when it is none, or no board of it is one that hil knows."""
    tree = parse(_text_of(path), str(path), "hardware map", words=True)
    if not hwmap.is_map(tree):
        raise PlanError(
            "this is no hardware map",
            where=tree.where(()),
            expected="a list of boards, each with id, platform and serial",
            found=f"a {type(tree.value).__name__}",
            next_step="a bench file is used as it is, with --bench",
        )
    found = hwmap.entries(tree, tuple(boards))
    units, told = [], []
    for entry in found:
        name = entry.uid or "a board without an id"
        if entry.left_out:
            told.append(f"{name}: left out: {entry.left_out}")
            continue
        units.append(
            BenchUnit(
                board=entry.board,
                uid=entry.uid,
                port=entry.port,
                tags=entry.tags,
                notes=entry.notes,
                skip=entry.skip,
            )
        )
        if entry.ignored:
            told.append(f"{name}: of Twister alone, not used here: {', '.join(entry.ignored)}")
    if not units:
        raise PlanError(
            "no board of the hardware map can be a unit",
            where=str(path),
            expected="a platform that hil knows, an id and a serial port",
            found="; ".join(told) or "an empty list",
            next_step="fill in what Twister left as `unknown`, or let `hil discover --write FILE` find it out",
        )
    return Imported(_each_once(Bench(units=tuple(units)), path), tuple(told))


def _text_of(path: Path) -> str:
    try:
        return read_file(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(
            "the bench file cannot be read", where=str(path), expected="a UTF-8 text file", found=error
        ) from error


def _each_once(bench: Bench, path: Path) -> Bench:
    names = [name for unit in bench.units for name in {unit.uid, unit.name} - {""}]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PlanError(
            "a unit is named twice in the bench file",
            where=str(path),
            found=", ".join(twice),
            next_step="remove one of the lines, or give the unit that stands under a wrong id its own",
        )
    return bench


def dump_bench(bench: Bench, heading: str) -> str:
    """The text of a bench file, with ``heading`` as its first comment. ``load_bench`` reads it back to the same units."""
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    lines.append("units:")
    for unit in bench.units:
        # Quoted: a serial number may look like a number, or like one with an exponent.
        lines += [
            f"  - board: {json.dumps(unit.board)}",
            f"    uid: {json.dumps(unit.uid)}",
            f"    port: {json.dumps(unit.port)}",
        ]
        lines += [f"    {key}: {json.dumps(value)}" for key in _TOLD if (value := getattr(unit, key))]
        if unit.power is not None:
            lines += [
                "    power:",
                f"      on: {json.dumps(unit.power.on)}",
                f"      off: {json.dumps(unit.power.off)}",
            ]
    return "\n".join(lines) + "\n"


def merged(old: Bench | None, found: Sequence[BenchUnit], forget: Sequence[str] = ()) -> Bench:
    """``found`` and those of ``old`` that were not found: a unit that is unplugged today is not forgotten.

    Nor is what no search finds of one that is there: its power switch, name, tags, notes, why it is skipped. ``forget`` are the
    ids of units whose line in ``old`` is known to be wrong.
    """
    before = {unit.uid: unit for unit in old.units} if old is not None else {}
    found = [_filled(unit, before[unit.uid]) if unit.uid in before else unit for unit in found]
    ids = {unit.uid for unit in found} | set(forget)
    kept = tuple(unit for unit in old.units if unit.uid not in ids) if old is not None else ()
    return Bench(units=tuple(sorted((*found, *kept), key=lambda unit: (unit.board, unit.uid))))


def _filled(unit: BenchUnit, before: BenchUnit) -> BenchUnit:
    """``unit`` with what it leaves out as it was."""
    given = {name: value for name in BenchUnit.model_fields if (value := getattr(unit, name))}
    return before.model_copy(update=given)

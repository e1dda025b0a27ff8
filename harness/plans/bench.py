"""A bench file: the units of one host by name, for racks where discovery must not guess.

units:
  - board: nucleo_f446re
    uid: 066EFF485155878281094633          # the probe's unique id (`pyocd list`)
    port: /dev/serial/by-id/usb-STMicro... # the serial port, or a URL such as socket://rack2:7001
    power: {driver: uhubctl, location: "1-1", port: 2}   # if it has a switch: see power.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.errors import PlanError
from harness.paths import read_file
from harness.plans import hwmap
from harness.plans.power import PowerSpec, told
from harness.plans.yamltree import parse


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BenchUnit(_Part):
    """One unit: which kind of board, its probe's unique id, its port's path or URL, and what switches its power."""

    board: str = Field(min_length=1, description="The kind of board it is: `hil boards` lists them.")
    uid: str = Field(min_length=1, description="The unique id of its probe, as `pyocd list` shows it.")
    port: str = Field(
        default="",
        description="Its serial port: a path, or a URL such as `socket://rack2:7001` or `rfc2217://rack2:7001`; not for one with"
        " `via`: its own host knows.",
    )
    power: PowerSpec | None = Field(
        default=None,
        description="What switches its power, for `dut.power` and to recover it; left out: nothing does.",
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
    via: str = Field(
        default="",
        description="The host that it is plugged into, as ssh is given it (`user@host`, `ssh://host:port`); left out: this one.",
    )
    hub: PowerSpec | None = Field(
        default=None,
        description="What switches the hub that it is plugged in, as `power`; all units with the same `hub` lose power with it.",
    )

    @model_validator(mode="after")
    def _has_a_way(self) -> BenchUnit:
        if not self.port and not self.via:
            raise ValueError("a unit of this host needs its port")
        return self


class BenchHealth(_Part):
    """When units of the bench count as broken, and by what they prove that they are not."""

    plan: str = Field(
        default="digits",
        min_length=1,
        description="A plan that is known to be good, by its file or its name: its first model and its data prove a unit.",
    )
    faults_in_a_row: int = Field(
        default=3,
        ge=1,
        description="So many faults of the rig in a row make a unit suspect: it has to prove itself then.",
    )
    share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="One test, one image or one night may make no more of the units suspect than this share, or one.",
    )


#: Of a bench whose file says nothing of it.
USUAL_HEALTH: Final = BenchHealth()


class Bench(_Part):
    """The units of a host."""

    units: tuple[BenchUnit, ...] = Field(min_length=1, description="One entry a unit.")
    health: BenchHealth = Field(
        default=USUAL_HEALTH, description="When a unit counts as broken; left out: as stated here."
    )


#: What a line may leave out, in the order in which it is written.
_TOLD = ("name", "tags", "chip", "usb", "skip", "notes", "via")


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
            expected="units: a list of {board, uid, port}, with power: {driver, ...} where there is a switch, and name, tags, chip,"
            " usb, skip, notes, hub, via where they are known; and health: {plan, faults_in_a_row, share}",
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
            *([f"    port: {json.dumps(unit.port)}"] if unit.port else []),
        ]
        lines += [f"    {key}: {json.dumps(value)}" for key in _TOLD if (value := getattr(unit, key))]
        for key, spec in (("power", unit.power), ("hub", unit.hub)):
            if spec is not None:
                lines += [f"    {key}:", *(f"      {name}: {json.dumps(value)}" for name, value in told(spec).items())]
    if bench.health != USUAL_HEALTH:
        lines += ["health:", *(f"  {key}: {json.dumps(value)}" for key, value in bench.health.model_dump().items())]
    return "\n".join(lines) + "\n"


def merged(old: Bench | None, found: Sequence[BenchUnit], forget: Sequence[str] = ()) -> Bench:
    """``found`` and those of ``old`` that were not found: a unit that is unplugged today is not forgotten.

    Nor is what no search finds of one that is there: its switches, name, tags, notes, why it is skipped. ``forget`` are the
    ids of units whose line in ``old`` is known to be wrong.
    """
    before = {unit.uid: unit for unit in old.units} if old is not None else {}
    found = [_filled(unit, before[unit.uid]) if unit.uid in before else unit for unit in found]
    ids = {unit.uid for unit in found} | set(forget)
    kept = tuple(unit for unit in old.units if unit.uid not in ids) if old is not None else ()
    units = tuple(sorted((*found, *kept), key=lambda unit: (unit.board, unit.uid)))
    return Bench(units=units) if old is None else old.model_copy(update={"units": units})


def _filled(unit: BenchUnit, before: BenchUnit) -> BenchUnit:
    """``unit`` with what it leaves out as it was."""
    given = {name: value for name in BenchUnit.model_fields if (value := getattr(unit, name))}
    return before.model_copy(update=given)

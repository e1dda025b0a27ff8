"""A bench file: the units of one host by name, for racks where discovery must not guess.

units:
  - board: nucleo_f446re
    uid: 066EFF485155878281094633          # the probe's unique id (`pyocd list`)
    port: /dev/serial/by-id/usb-STMicro... # the serial port, or a URL such as socket://rack2:7001
    power: {driver: uhubctl, location: "1-1", port: 2}   # if it has a switch: see power.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.errors import MisuseError, PlanError
from harness.paths import read_file
from harness.plans import benchwords, hwmap, mistakes
from harness.plans.checked import checked, mapping
from harness.plans.complaints import keys
from harness.plans.names import listed, suggestion
from harness.plans.power import PowerSpec, told
from harness.plans.yamltree import Key, Tree, parse
from harness.text import printable


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BenchUnit(_Part):
    """One unit: which kind of board, its probe's unique id, its port's path or URL, and what switches its power."""

    board: str = Field(min_length=1, description="The kind of board it is: `hil boards` lists them.")
    uid: str = Field(pattern=benchwords.UID, description="The unique id of its probe, as `pyocd list` shows it.")
    port: str = Field(
        default="",
        description="Its serial port: a path, or a URL such as `socket://rack2:7001` or `rfc2217://rack2:7001`; not for one with"
        " `via`: its own host knows.",
    )
    power: PowerSpec | None = Field(
        default=None,
        description="What switches its power, for `dut.power` and to recover it; left out: nothing does.",
    )
    name: str = Field(
        default="", pattern=benchwords.NAME, description="What people call it, instead of its probe's id."
    )
    tags: tuple[str, ...] = Field(
        default=(),
        description="What it has that others of its kind have not: `@pytest.mark.requires(TAG)` asks for it.",
    )
    chip: str = Field(
        default="",
        pattern=benchwords.CHIP,
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
            raise ValueError(
                "a unit of this host needs its port: add `port`, or `via` where it is plugged into another host"
            )
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


_PAIR: Final = re.compile(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")
#: Why a unit that a search has not found takes no work: numbers such as ``/dev/ttyACM0`` are given to whoever comes first.
PORT_LOST: Final = "not attached, and its port is another's now"
#: What a line may leave out, in the order in which it is written.
_TOLD = ("name", "tags", "chip", "usb", "skip", "notes", "via")


def load_bench(path: Path, boards: Sequence[str] = ()) -> Bench:
    """Read and check a bench file, or Twister's hardware map, whose kinds of boards are of ``boards`` (none: any).

    ``PlanError`` names file, line and key of what is wrong; ``PlanMistakes`` tells of several such things.
    """
    tree = parse(_text_of(path), str(path), "bench file")
    if hwmap.is_map(tree):
        return imported(path, boards).bench
    bench = checked(tree, Bench, mapping(tree, "bench file", keys((), Bench)))
    if boards:
        mistakes.raised(str(path), [_no_board(tree, at, unit, boards) for at, unit in enumerate(bench.units)
                                    if unit.board not in boards])  # fmt: skip
    return _each_once(bench, tree, [("units", at) for at in range(len(bench.units))])


def to_update(path: Path) -> Bench | None:
    """The bench file that a command is told to bring up to date; None where there is none yet.

    ``PlanError`` for one that cannot be read, ``MisuseError`` for a hardware map: Twister could not read what would be made of it.
    """
    if not path.exists():
        return None
    tree = parse(_text_of(path), str(path), "bench file")
    if hwmap.is_map(tree):
        raise MisuseError(
            "this is Twister's hardware map, and would not be one any more",
            where=str(path),
            expected="a bench file, or a file that is not there yet",
            next_step="name another file; `hil bench import` makes a bench file of a map",
        )
    return load_bench(path)


def _no_board(tree: Tree, at: int, unit: BenchUnit, boards: Sequence[str]) -> PlanError:
    return PlanError(
        f"no board is named {unit.board!r}",
        where=tree.where(("units", at, "board")),
        expected=f"one of: {listed(boards)}",
        found=unit.board,
        next_step=suggestion(unit.board, boards, "`hil boards` lists the boards"),
    )


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
            found=hwmap.kind_of(tree.value),
            next_step="a bench file is used as it is, with --bench",
        )
    units: dict[str, tuple[int, BenchUnit]] = {}
    said = []
    for at, entry in enumerate(hwmap.entries(tree, tuple(boards))):
        name = entry.uid or "a board without an id"
        before = units.get(entry.uid)
        if entry.left_out:
            said.append(f"{name}: left out: {entry.left_out}")
        elif before is not None and (entry.skip or not before[1].skip):
            # To Twister too that is one piece of hardware: one of them at a time is used.
            said.append(f"{name}: line {tree.lines[(at,)]} left out: another core or port of the board on line"
                        f" {tree.lines[(before[0],)]}")  # fmt: skip
        else:
            units[entry.uid] = at, BenchUnit(**{key: getattr(entry, key) for key in hwmap.OURS})
            said += [f"{name}: {line}" for line in entry.told]
    if not units:
        raise PlanError(
            "no board of the hardware map can be a unit",
            where=str(path),
            expected="a platform that hil knows, an id and a serial port",
            found="; ".join(said) or "an empty list",
            next_step="fill in what Twister left as `unknown`, or let `hil discover --write FILE` find it out",
        )
    bench = Bench(units=tuple(unit for _, unit in units.values()))
    return Imported(_each_once(bench, tree, [(at,) for at, _ in units.values()]), tuple(said))


def _text_of(path: Path) -> str:
    try:
        return read_file(path).decode("utf-8")
    except FileNotFoundError:
        raise PlanError(
            "there is no such bench file",
            where=str(path),
            next_step="correct the path; `hil discover --write FILE` makes one of what is attached, `hil virtual --rack` a"
            " virtual one",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(
            "the bench file cannot be read", where=str(path), expected="a UTF-8 text file", found=error
        ) from error


def _each_once(bench: Bench, tree: Tree, places: Sequence[tuple[Key, ...]]) -> Bench:
    """Two lines of one unit, and two units on one port, are slips of whoever copied a line. ``places``: where each unit stands."""
    named: dict[str, int] = {}
    ports: dict[str, int] = {}
    for at, unit in enumerate(bench.units):
        for name in {unit.uid, unit.name} - {""}:
            if (before := named.setdefault(name, at)) != at:
                raise PlanError(
                    "a unit is named twice in the bench file",
                    where=tree.where(places[at]),
                    expected="each id and each name once",
                    found=f"{name}, also on line {tree.lines[places[before]]}",
                    next_step="remove one of the two, or give the unit that stands under a wrong id its own",
                )
        # What is skipped, or on another host, shares nothing; pyserial's loop is a line of its own for each who opens it.
        if unit.skip or unit.via or unit.port.startswith("loop:"):
            continue
        if (before := ports.setdefault(unit.port, at)) != at:
            raise PlanError(
                "two units of the bench file have one port",
                where=tree.where(places[at]),
                expected="each its own: what one of them reads is lost to the other",
                found=f"{unit.port}, also of the unit on line {tree.lines[places[before]]}",
                next_step="give each its own; `hil discover` asks every port which chip answers there",
            )
    return bench


def dump_bench(bench: Bench, heading: str) -> str:
    """The text of a bench file, with ``heading`` as its first comment. ``load_bench`` reads it back to the same units."""
    lines = [f"# {printable(line)}".rstrip() for line in heading.splitlines()]
    lines.append("units:")
    for unit in bench.units:
        # Quoted: a serial number may look like a number, or like one with an exponent.
        lines += [
            f"  - board: {_quoted(unit.board)}",
            f"    uid: {_quoted(unit.uid)}",
            *([f"    port: {_quoted(unit.port)}"] if unit.port else []),
        ]
        lines += [f"    {key}: {_quoted(value)}" for key in _TOLD if (value := getattr(unit, key))]
        for key, spec in (("power", unit.power), ("hub", unit.hub)):
            if spec is not None:
                lines += [f"    {key}:", *(f"      {name}: {_quoted(value)}" for name, value in told(spec).items())]
    if bench.health != USUAL_HEALTH:
        lines += ["health:", *(f"  {key}: {_quoted(value)}" for key, value in bench.health.model_dump().items())]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    """As JSON, which is YAML but for what lies beyond 16 bits: there it has two numbers, and YAML takes each for a letter."""
    return _PAIR.sub(lambda pair: f"\\U{ord(json.loads(chr(34) + pair[0] + chr(34))):08x}", json.dumps(value))


def merged(old: Bench | None, found: Sequence[BenchUnit], forget: Sequence[str] = ()) -> Bench:
    """``found`` and those of ``old`` that were not found: a unit that is unplugged today is not forgotten.

    Nor is what no search finds of one that is there: its switches, name, tags, notes, why it is skipped. ``forget`` are the
    ids of units whose line in ``old`` is known to be wrong. One whose port is another's by now takes no work until it is found.
    """
    before = {unit.uid: unit for unit in old.units} if old is not None else {}
    found = [_filled(unit, before[unit.uid]) if unit.uid in before else unit for unit in found]
    ids = {unit.uid for unit in found} | set(forget)
    kept = [unit for unit in old.units if unit.uid not in ids] if old is not None else []
    taken = {unit.port for unit in found if not unit.via}
    kept = [
        unit.model_copy(update={"skip": PORT_LOST}) if unit.port in taken and not unit.via and not unit.skip else unit
        for unit in kept
    ]
    units = tuple(sorted((*found, *kept), key=lambda unit: (unit.board, unit.uid)))
    return Bench(units=units) if old is None else old.model_copy(update={"units": units})


def _filled(unit: BenchUnit, before: BenchUnit) -> BenchUnit:
    """``unit`` with what it leaves out as it was."""
    given = {name: value for name in BenchUnit.model_fields if (value := getattr(unit, name))}
    if before.skip in (hwmap.NOT_CONNECTED, PORT_LOST):
        given["skip"] = unit.skip  # it was no person who said so, and now it is there
    return before.model_copy(update=given)

"""Twister's hardware map, as people with Zephyr boards have it, read as a bench file.

What its keys mean is from Zephyr's ``scripts/schemas/twister/hwmap-schema.yaml`` and ``twisterlib/hardwaremap.py``: a list of
boards, ``platform`` a name, several names in one text or a list of them, each perhaps with qualifiers behind ``/`` or a
revision behind ``@``; ``probe_id`` goes before ``id``; ``connected: false`` and an entry without a serial port take no work.
Entries of one ``id`` are one piece of hardware there (``HardwareMap.reserve_dut``): other cores or ports of a board.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.errors import PlanError
from harness.plans import benchwords
from harness.plans.names import suggestion
from harness.plans.yamltree import Tree

#: Keys of a map that say how Twister builds, flashes or waits: hil has its own ways for that.
_TWISTERS_OWN: Final = (
    "runner_params",
    "pre_script",
    "post_script",
    "post_flash_script",
    "script_param",
    "hooks",
    "flash_timeout",
    "flash_with_test",
    "flash_before",
    "west_flash_cmd",
)
#: All other keys that a map may have.
_KEYS: Final = ("available", "baud", "connected", "fixtures", "id", "notes", "platform", "probe_id", "product", "runner",
                "serial", "serial_baud", "serial_pty")  # fmt: skip
#: As PyYAML reads it for Twister: by YAML 1.1.
_TRUE: Final = ("true", "yes", "on")
#: Why a board that is not there takes no work.
NOT_CONNECTED: Final = "not connected, says the hardware map"
_SAFE_BAUD: Final = "115200"


@dataclass(frozen=True)
class Entry:
    """A board of a map in a bench file's words. ``left_out`` is why it is no unit of ours, "" when it is one."""

    board: str
    uid: str
    port: str
    tags: tuple[str, ...]
    notes: str
    skip: str
    left_out: str
    told: tuple[str, ...]  # what its author should know of it


#: What of an entry is a unit's.
OURS: Final = ("board", "uid", "port", "tags", "notes", "skip")


def is_map(tree: Tree) -> bool:
    """Whether a document is a hardware map: a list, where a bench file is a mapping."""
    return isinstance(tree.value, list)


def entries(tree: Tree, boards: tuple[str, ...]) -> tuple[Entry, ...]:
    """The boards of a map that was parsed with ``words``, in its order; ``boards`` are the kinds that hil knows, none: any.

    A board with several platforms is the one of them that hil knows. ``PlanError`` names file, line and key of what is no map.
    """
    assert isinstance(tree.value, list)
    return tuple(_entry(tree, index, boards) for index in range(len(tree.value)))


def _entry(tree: Tree, index: int, boards: tuple[str, ...]) -> Entry:
    assert isinstance(tree.value, list)
    found = tree.value[index]
    if not isinstance(found, Mapping):
        raise _wrong(tree, (index,), "a mapping of id, platform, serial, ...", kind_of(found))
    uid = _text(tree, index, found, "probe_id") or _text(tree, index, found, "id")
    platforms = _platforms(tree, index, found)
    kinds = [name for name in map(_kind, platforms) if name in boards or not boards]
    port = _text(tree, index, found, "serial")
    if re.search(r"ST-?LINK", _text(tree, index, found, "product"), re.IGNORECASE):
        uid = uid.upper()  # as pyOCD lists it, whatever the operating system makes of it
    connected = _text(tree, index, found, "connected").casefold() in _TRUE
    left_out = ""
    if not kinds:
        left_out = f"its platform is {' '.join(platforms) or 'not given'}, none of {', '.join(boards)}"
    elif not uid or uid.casefold() == "unknown":
        left_out = "it has no id: hil knows a unit by its probe's"
    elif not re.fullmatch(benchwords.UID, uid):
        left_out = "its id is none that a probe has"
    elif not port:
        left_out = "it has no serial port" + (", only a serial_pty" if "serial_pty" in found else "")
    ignored = [key for key in _TWISTERS_OWN if key in found]
    baud = _text(tree, index, found, "baud") or _text(tree, index, found, "serial_baud")
    if baud and baud != _SAFE_BAUD:
        ignored.append(f"baud {baud}")
    told = [f"of Twister alone, not used here: {', '.join(ignored)}"] if ignored else []
    for key in found.keys() - {*_TWISTERS_OWN, *_KEYS}:
        told.append(f"no key of a hardware map: {key!r} ({suggestion(str(key), _KEYS, 'remove it')})")
    return Entry(
        board=kinds[0] if kinds else _kind(platforms[0]) if platforms else "",
        uid=uid,
        port=port,
        tags=_tags(tree, index, found),
        notes=_text(tree, index, found, "notes"),
        skip="" if connected else NOT_CONNECTED,
        left_out=left_out,
        told=tuple(told),
    )


def kind_of(value: object) -> str:
    """What a value is to people who write YAML."""
    return {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(value), f"the text {str(value)[:40]!r}")


def _kind(platform: str) -> str:
    """``nucleo_f446re`` of ``nucleo_f446re/stm32f446xx`` or ``nucleo_f446re@B``."""
    return re.split(r"[/@]", platform, maxsplit=1)[0]


def _platforms(tree: Tree, index: int, found: Mapping[str, object]) -> tuple[str, ...]:
    value = found.get("platform")
    if isinstance(value, list):
        return tuple(str(name) for name in value)
    return tuple(_text(tree, index, found, "platform").split())


def _tags(tree: Tree, index: int, found: Mapping[str, object]) -> tuple[str, ...]:
    value = found.get("fixtures", [])
    if not isinstance(value, list):
        raise _wrong(tree, (index, "fixtures"), "a list of names", str(value))
    return tuple(str(name) for name in value)


def _text(tree: Tree, index: int, found: Mapping[str, object], key: str) -> str:
    value = found.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(tree, (index, key), "one value", kind_of(value))
    return value.strip()


def _wrong(tree: Tree, path: tuple[str | int, ...], expected: str, found: str) -> PlanError:
    return PlanError(
        "the hardware map is wrong",
        where=tree.where(path),
        expected=expected,
        found=found,
        next_step="`hil discover --write FILE` writes a bench file of what is attached",
    )

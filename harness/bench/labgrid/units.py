"""What a coordinator's places say of our units: a place has tags, and the resource that it matches says which unit it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from harness.bench.labgrid import beat
from harness.bench.labgrid.address import Address
from harness.bench.labgrid.beat import Acquired
from harness.bench.labgrid.session import Seen
from harness.bench.places import Place
from harness.bench.remote import ssh
from harness.text import printable

#: The class of resource that an exporter offers a unit as. labgrid knows no such class, so it passes the parameters on as they are.
CLASS: Final = "HilUnit"
#: Its parameters: text each, since labgrid's protocol has no lists.
BOARD, UID, HOST, TAGS, CHIP, USB = "board", "uid", "host", "tags", "chip", "usb"


@dataclass(frozen=True)
class At:
    """A unit's place at the coordinator: its name, as labgrid's commands take it, and who has it there, "" for nobody."""

    name: str
    by: str
    reserved: bool
    labels: tuple[tuple[str, str], ...]


def units(seen: Seen, address: Address) -> dict[Place, At]:
    """The places that the address means. One whose unit is not known, or not offered now, has a ``skip`` that says why."""
    found: dict[Place, At] = {}
    hosts: dict[str, str] = {}
    for each in sorted(seen.places, key=lambda place: str(place["name"])):
        if not address.wants(each["tags"]):
            continue
        place = _place(each, seen.resources)
        first = hosts.setdefault(place.uid, place.via)
        if not place.skip and first != place.via:  # reports and locks know a unit by its id alone
            place = replace(place, skip=f"{first} has a unit of the same id, {place.uid}")
        labels = tuple(sorted((str(key), str(value)) for key, value in each["tags"].items()))
        found[place] = At(place.name, each["acquired"] or "", bool(each["reserved"]), labels)
    return found


def acquired(seen: Seen) -> tuple[Acquired, ...]:
    """All places that somebody has, whatever they are."""
    return tuple(Acquired(each["name"], each["acquired"], each["changed"]) for each in seen.places if each["acquired"])


def _place(place: Mapping[str, Any], resources: Iterable[Mapping[str, Any]]) -> Place:
    name, labels = str(place["name"]), {str(key): str(value) for key, value in place["tags"].items()}
    offered = [each for each in resources if each["path"][2] == CLASS and _matches(place, each["path"])]
    told = {key: str(value) for key, value in offered[0]["params"].items()} if offered else {}
    board, uid = told.get(BOARD) or labels.get(BOARD, ""), told.get(UID) or name
    why = ""
    if not offered:
        why = f"no exporter offers a {CLASS} that the place matches: it is not running, or not connected to the coordinator"
    elif len(offered) > 1:
        why = f"the place matches {len(offered)} units; it must match one"
    elif missing := [key for key in (BOARD, UID, HOST) if not told.get(key)]:
        why = f"its {CLASS} does not say: {', '.join(missing)}"
    elif not ssh.is_host(told[HOST]) or uid.startswith("-"):  # anybody on the coordinator's network may be an exporter
        why = f"its {CLASS} names what no host or unit is called: {printable(f'{told[HOST]}, {uid}')}"
    elif not offered[0]["avail"]:
        why = "its exporter says that it is not available"
    tags = [tag for tag in told.get(TAGS, "").split(",") if tag]
    tags += [f"{key}={value}" for key, value in sorted(labels.items()) if key not in (BOARD, beat.TAG)]
    return Place(
        board=board,
        uid=uid,
        port="",
        name=name,
        tags=tuple(tags),
        chip_id=told.get(CHIP, ""),
        usb=told.get(USB, ""),
        skip=why,
        notes=str(place.get("comment", "")),
        via=told.get(HOST, ""),
    )


def _matches(place: Mapping[str, Any], path: Iterable[str]) -> bool:
    """As labgrid matches: exporter, group, class and, where the pattern has one, name."""
    wanted = list(path)
    return any(
        all(fnmatchcase(part, pattern) for part, pattern in zip(wanted, match, strict=True) if pattern)
        for match in place["matches"]
    )

"""The units of a bench file as an exporter's file, and as the places that its coordinator is to have."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from harness.bench.labgrid import units
from harness.bench.labgrid.address import as_tag
from harness.bench.places import Place
from harness.errors import MisuseError

_PLACES = """\
#!/bin/sh
# The places of exporter {exporter}: made by `hil rack export --places`. May be run again: what is there stays.
# A new place is written down by the coordinator within 15 s: one that is ended before that forgets it.
set -eu
place() {{
    name=$1 match=$2
    shift 2
    labgrid-client places | sed 's/ .*//' | grep -qxF -- "$name" || labgrid-client -p "$name" create
    labgrid-client -p "$name" show | grep -qxF -- "    $match" || labgrid-client -p "$name" add-match "$match"
    labgrid-client -p "$name" set-tags "$@"
}}
"""


def exporter_file(places: Sequence[Place], host: str) -> str:
    """What ``labgrid-exporter`` reads on the units' host; ``host`` is what clients give to ssh to reach it.

    A template of jinja2 to labgrid: a comment is ``##``, and no value may look like one of its marks. ``MisuseError`` for two units
    of one name.
    """
    lines = [
        f"## The units of {host}, for labgrid-exporter: made by `hil rack export`, from the bench file there.",
        "## labgrid does not know the class, and passes it on: clients of hil reach the unit over ssh.",
    ]
    for group, place in _named(places).items():
        told = {
            units.BOARD: place.board,
            units.UID: place.uid,
            units.HOST: place.via or host,
            units.TAGS: ",".join(place.tags),
            units.CHIP: place.chip_id,
            units.USB: place.usb,
        }
        inside = ", ".join(f"{key}: {_quoted(value)}" for key, value in told.items() if value)
        lines += [f"{_quoted(group)}:", f"  {units.CLASS}: {{{inside}}}"]
    return "\n".join(lines) + "\n"


def places_script(places: Sequence[Place], exporter: str) -> str:
    """The commands of ``labgrid-client`` that make the places, for sh. Tags: the board, the exporter, and each tag of the unit."""
    lines = [_PLACES.format(exporter=exporter)]
    for group, place in _named(places).items():
        tags = {units.BOARD: place.board, "rack": exporter}
        tags |= {name: "yes" for tag in place.tags if (name := as_tag(tag)) and name not in tags}
        words = [
            "place",
            f"{exporter}-{group}",
            f"{exporter}/{group}/{units.CLASS}",
            *(f"{key}={value}" for key, value in tags.items()),
        ]
        lines.append(shlex.join(words) + "\n")
    return "".join(lines)


def _named(places: Sequence[Place]) -> dict[str, Place]:
    """By names that labgrid's patterns and paths leave alone. Those with a ``skip`` are left out."""
    found: dict[str, Place] = {}
    for place in places:
        if place.skip:
            continue
        name = re.sub(r"[^A-Za-z0-9._-]", "-", place.title)
        # labgrid makes a place by itself of a group that is a number.
        name = f"unit-{name}" if name.isdigit() else name
        if name in found:
            raise MisuseError(
                "two units of the bench file have one name in labgrid",
                found=f"{found[name].title} and {place.title}: {name}",
                next_step="give them other names in the bench file",
            )
        found[name] = place
    return found


def _quoted(text: str) -> str:
    """For YAML, inside a template whose marks begin with a brace. Not by ``json``: YAML reads its pairs of surrogates as two."""
    plain = (c if " " <= c <= "~" and c not in '"\\{}' else f"\\U{ord(c):08x}" for c in text)
    return '"' + "".join(plain) + '"'

"""What is not the same on both sides, from what the records say. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from harness.records import Record
from harness.verdict.swap.facts import Change, What


def changes(baseline: Record, candidate: Record) -> tuple[Change, ...]:
    """One ``Change`` for each thing that differs, what a swap is meant to change first.

    An image differs with its model, engine, compiler and board. ``firmware`` is there where none of these explains it: other
    sources, settings or flags.
    """
    found = [
        Change(what=what, before=before, after=after)
        for what, before, after in _things(baseline, candidate)
        if before != after
    ]
    explained = {change.what for change in found} & {"model", "engine", "compiler", "board"}
    return tuple(change for change in found if change.what != "firmware" or not explained)


def same_unit(one: Record, other: Record) -> bool:
    """Whether both ran on one physical unit, or on the same kind of emulated one: of those each is a copy."""
    if (one.board, one.backend) != (other.board, other.backend):
        return False
    if one.evidence == other.evidence == "emulated":
        return True
    return one.unit is not None and other.unit is not None and one.unit.uid == other.unit.uid


def _things(one: Record, other: Record) -> Iterator[tuple[What, str, str]]:
    fw, fw_after = one.firmware, other.firmware
    yield "model", _model(one), _model(other)
    yield "engine", fw.engine if fw else "", fw_after.engine if fw_after else ""
    yield "compiler", fw.compiler if fw else "", fw_after.compiler if fw_after else ""
    yield "firmware", fw.elf_sha256 if fw else "", fw_after.elf_sha256 if fw_after else ""
    yield "board", one.board, other.board
    yield "unit", _unit(one), _unit(other)
    yield "backend", one.backend, other.backend
    yield "dataset", one.dataset.sha256 if one.dataset else "", other.dataset.sha256 if other.dataset else ""
    yield "source", _source(one), _source(other)
    yield "harness", one.harness_version, other.harness_version


def _model(record: Record) -> str:
    if record.firmware is not None:
        return record.firmware.model_sha256
    return record.network.sha256 if record.network else ""


def _source(record: Record) -> str:
    """The commit that the plan stands in. It is told, and is no cause by itself: what it changed stands beside it."""
    found = record.source
    return "" if found is None else f"{found.commit}{' with edits' if found.dirty else ''}"


def _unit(record: Record) -> str:
    """ "" for an emulated one: each is a copy of the others, whatever its id."""
    return record.unit.uid if record.unit and record.evidence == "hardware" else ""

"""What passes between the controller and one of its workers with each test: small files in a private folder of the controller.

xdist sends a worker the numbers of its tests and no more, and it tells of a test that a worker has begun or ended, not of one
that it has thought better of. So the controller writes a worker's ``Seat`` before it sends a test, and reads what the worker
has left when the test is over, or the worker is. A file is replaced as a whole; what a killed worker has left is read too.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.disk import files
from harness.findings import EarlierTry
from harness.plugin import options

if TYPE_CHECKING:
    from harness.plugin.spread.needs import Need
    from harness.run.options import RunOptions


@dataclass(frozen=True)
class Seat:
    """Where the next test runs. ``uid`` None: where the options say, a virtual board mostly.

    ``again``: if the rig ends it, it is tried elsewhere, and this try is not told. ``tries``: those before. ``prove``: the unit
    is not trusted: it has to pass its health plan first.
    """

    uid: str | None = None
    again: bool = False
    tries: tuple[EarlierTry, ...] = ()
    prove: bool = False


SEAT = pytest.StashKey[Seat]()


def run_options(config: pytest.Config) -> RunOptions:
    """The options of the run, on the unit that this test has; an image that the safety valve has stopped gets to no unit."""
    from dataclasses import replace

    from harness.farm import valve

    run = config.stash[options.KEY].run
    seat = config.stash.get(SEAT, Seat())
    run = replace(run, ask_first=valve.check)
    return run if seat.uid is None else replace(run, uid=seat.uid, named=run.uid is not None)


def tries(config: pytest.Config) -> tuple[EarlierTry, ...]:
    """What this test has behind it."""
    return config.stash.get(SEAT, Seat()).tries


def is_tried_again(config: pytest.Config) -> bool:
    """Whether this test is tried elsewhere if the rig ends it: its record is then not the one that counts."""
    return config.stash.get(SEAT, Seat()).again


class Desk:
    """The files of one worker in the controller's folder."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder, self._worker = folder, worker

    def assign(self, seat: Seat) -> None:
        """Controller: before a test is sent. What was left of the one before is gone then."""
        for name in ("begun", "held", "refused"):
            self._path(name).unlink(missing_ok=True)
        self._write("seat", asdict(seat) | {"tries": [each.model_dump() for each in seat.tries]})

    def seat(self) -> Seat:
        """Worker: where its next test runs."""
        found = self._read("seat") or {}
        earlier = tuple(EarlierTry.model_validate(each) for each in found.pop("tries", ()))
        return Seat(**found, tries=earlier)

    def begin(self) -> None:
        """Worker: the test has begun; whoever dies now dies of it."""
        self._write("begun", {})

    @property
    def begun(self) -> bool:
        """Controller: whether it had."""
        return self._path("begun").exists()

    def refuse(self, why: str) -> None:
        """Worker: the unit did not prove itself; the test was not begun."""
        self._write("refused", why)

    def refused(self) -> str | None:
        """Controller: why the worker did not begin."""
        found: str | None = self._read("refused")
        return found

    def hold(self, unit: str, reason: str, reports: Sequence[Any]) -> None:
        """Worker: the reports of a try that the rig ended, as pytest serialises them."""
        self._write("held", {"unit": unit, "reason": reason, "reports": list(reports)})

    def held(self) -> dict[str, Any] | None:
        """Controller: those reports; None where the test was told."""
        found: dict[str, Any] | None = self._read("held")
        for report in found["reports"] if found else ():
            # What JSON made lists of was pairs.
            report["user_properties"] = [tuple(pair) for pair in report.get("user_properties", ())]
            report["sections"] = [tuple(pair) for pair in report.get("sections", ())]
        return found

    def tell_needs(self, needs: Sequence[Need]) -> None:
        """Worker: what the tests that it has collected need, in their order."""
        self._write("needs", [need.told() for need in needs])

    def needs(self) -> list[dict[str, Any]]:
        """Controller: the same."""
        return self._read("needs") or []

    def _path(self, name: str) -> Path:
        return self._folder / f"{self._worker}.{name}"

    def _write(self, name: str, content: object) -> None:
        files.replace(self._path(name), json.dumps(content).encode())

    def _read(self, name: str) -> Any:
        with contextlib.suppress(FileNotFoundError):
            return json.loads(self._path(name).read_bytes())
        return None

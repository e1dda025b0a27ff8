"""What the safety valve has stopped is given to no unit: asked here before a test is handed out, and before it is tried again.

Which image a test has is known once it was built: ``seat.run_options`` has that asked for then, before a unit gets it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import pytest

from harness.farm import valve
from harness.plugin.ours import RECORD
from harness.records import Record

WAY_OUT: Final = f"next: {valve.WAY_OUT}"

if TYPE_CHECKING:
    from harness.plugin.spread.needs import Need


def why_not(need: Need, nodeid: str, properties: Iterable[tuple[str, object]] = ()) -> str | None:
    """Why a test must not be given to a unit; None: it may. ``properties``: of the reports of its first try, if it had one.

    Reads a small file, and never raises.
    """
    return valve.stopped(test=need.case or nodeid, image=_image(properties) or valve.NOT_BUILT)


def there_are() -> bool:
    """Whether anything at all is stopped."""
    return bool(valve.stops())


def properties_of(reports: Iterable[pytest.TestReport]) -> list[tuple[str, object]]:
    """Of all reports of a try."""
    return [each for report in reports for each in report.user_properties]


def _image(properties: Iterable[tuple[str, object]]) -> str:
    for key, value in properties:
        if key == RECORD and (firmware := Record.model_validate_json(str(value)).firmware) is not None:
            return firmware.elf_sha256
    return ""

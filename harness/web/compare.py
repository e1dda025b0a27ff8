"""Two runs held against each other, by anything that names runs in the history: tags, sessions, ids, ``latest``."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response

from harness.errors import HilError, MisuseError
from harness.evidence import comparison
from harness.evidence.history import RunRow
from harness.records import Verdict
from harness.run.comparing import Wishes, compare_references
from harness.web.guard import REPORT_POLICY
from harness.web.site import Site, TheSite

router = APIRouter()
#: Looked for in the history alone: a path would lead out of it.
_REFERENCE: Final = re.compile(r"[\w.,=+\[\]-]{1,200}", re.ASCII)
_KEPT: Final = 8
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "markdown": "text/plain; charset=utf-8",
    "json_": "application/json",
}

Reference = Annotated[str, Query(max_length=200)]
Form = Literal["html", "markdown", "json_"]


@dataclass(frozen=True)
class Made:
    """A comparison and its reports. Its size is that of the reports: no arrays are kept."""

    verdict: Verdict
    reasons: tuple[str, ...]
    reports: dict[str, bytes]


class Comparisons:
    """The last few, since a page and its frame ask for the same one. Made one at a time: each may take a processor for a while.

    Runs are never altered, but a name may stand for others tomorrow: kept by the runs, not by their names alone.
    """

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[object, ...], Made] = OrderedDict()
        self._one = threading.Lock()

    def get(self, site: Site, baseline: str, candidate: str, *, pictures: bool) -> Made:
        """That of two names in the history. Errors of ``compare_references``."""
        sides = [_named(site, reference) for reference in (baseline, candidate)]
        of = [tuple((row.run_id, row.attempts) for row in side) for side in sides]
        key = (site.history.where, baseline, candidate, *of, pictures)
        with self._one:
            if key not in self._made:
                self._made[key] = _make(site, baseline, candidate, pictures=pictures)
            self._made.move_to_end(key)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
            return self._made[key]


_COMPARISONS: Final = Comparisons()


@router.get("/compare")
def compare(
    site: TheSite, request: Request, baseline: Reference = "", candidate: Reference = "", pictures: bool = False
) -> Response:
    """The form, and what came of it. Both sides stand in the address."""
    baseline, candidate = baseline.strip(), candidate.strip()
    made: Made | None = None
    trouble: HilError | None = None
    if baseline and candidate:
        try:
            made = _COMPARISONS.get(site, baseline, candidate, pictures=pictures)
        except MisuseError as error:
            trouble = error
    return site.page(
        request,
        "compare.html.j2",
        400 if trouble else 200,
        baseline=baseline,
        candidate=candidate,
        pictures=pictures,
        made=made,
        trouble=trouble,
        tags=site.history.tags(),
        sessions=site.history.sessions(limit=10),
    )


@router.get("/compare/report")
def report(
    site: TheSite, baseline: Reference, candidate: Reference, pictures: bool = False, form: Form = "html"
) -> Response:
    """The report alone."""
    made = _COMPARISONS.get(site, baseline.strip(), candidate.strip(), pictures=pictures)
    headers = {"Content-Security-Policy": REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(made.reports[form], media_type=_TYPES[form], headers=headers)


def _named(site: Site, reference: str) -> Sequence[RunRow]:
    if not _REFERENCE.fullmatch(reference):
        raise HTTPException(400, "a run is named by a tag, a session, an id or the begin of one, or as latest")
    return site.history.resolve(reference)


def _make(site: Site, baseline: str, candidate: str, *, pictures: bool) -> Made:
    compared, shown = compare_references(
        baseline, candidate, base=site.settings.base, wishes=Wishes(pictures=pictures), history=site.history
    )
    reports = {form: comparison.load(form).render(compared, shown) for form in _TYPES}
    return Made(compared.verdict, compared.reasons, reports)

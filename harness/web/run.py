"""One run: what it was, its whole report, and the two things that may be written, a note and a tag."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Form, HTTPException, Path, Request
from starlette.responses import RedirectResponse, Response

from harness.errors import MisuseError
from harness.evidence.history import RunRow, Wanted
from harness.evidence.reports import html
from harness.web import proof, reports
from harness.web.guard import REPORT_POLICY
from harness.web.site import Site, TheSite, address

router = APIRouter()
_LONGEST_NOTE: Final = 2000
_TAG: Final = re.compile(r"[\w.+-]{1,80}", re.ASCII)

RunId = Annotated[str, Path(max_length=100)]
FormToken = Annotated[str, Form(alias=proof.FORM_FIELD, max_length=200)]


@router.get("/runs/{run_id}")
def run(site: TheSite, request: Request, run_id: RunId) -> Response:
    """The run. The report itself is in a frame: it is a file that somebody wrote, and may do nothing here."""
    return _page(site, request, _row(site, run_id))


@router.get("/runs/{run_id}/report")
def report(site: TheSite, run_id: RunId) -> Response:
    """The report alone, as it lies in the run's folder, else as the history has it."""
    return file(site, run_id, html.FILENAME)


@router.get("/runs/{run_id}/files/{name}")
def file(site: TheSite, run_id: RunId, name: Annotated[str, Path(max_length=100)]) -> Response:
    """A file of the run."""
    row = _row(site, run_id)
    content = reports.content(site.settings.base, row, name)
    if content is None and name in reports.TYPES:
        content = reports.rendered(site.history.load(run_id), name)
    if content is None:
        raise HTTPException(404)
    headers = {"Content-Security-Policy": REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    if not reports.TYPES[name].startswith("text/"):
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(content, media_type=reports.TYPES[name], headers=headers)


@router.post("/runs/{run_id}/note")
def note(
    site: TheSite,
    request: Request,
    run_id: RunId,
    token: FormToken = "",
    text: Annotated[str, Form(max_length=_LONGEST_NOTE)] = "",
    by: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Adds a note. Notes are never changed and never taken away."""
    row = _written(site, run_id, token)
    if not text.strip():
        return _page(site, request, row, 400, trouble="a note says something")
    site.history.note(run_id, text.strip(), by=by.strip())
    return RedirectResponse(address("/runs", run_id) + "#notes", status_code=303)


@router.post("/runs/{run_id}/tag")
def tag(
    site: TheSite,
    request: Request,
    run_id: RunId,
    token: FormToken = "",
    name: Annotated[str, Form(max_length=200)] = "",
    move: Annotated[bool, Form()] = False,
    by: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Gives the run a name, or moves one here when that is asked for; where it was before is kept."""
    row = _written(site, run_id, token)
    name = name.strip()
    if not _TAG.fullmatch(name):
        return _page(site, request, row, 400, trouble="a tag has letters, digits and . _ + - alone, at most 80")
    try:
        site.history.tag(name, [run_id], force=move, by=by.strip())
    except MisuseError as error:
        elsewhere = not move and any(tag.name == name for tag in site.history.tags())
        hint = ". Tick “move” to move it here" if elsewhere else ""
        return _page(site, request, row, 409, trouble=f"{error.what}: {error.found or name}{hint}")
    return RedirectResponse(address("/runs", run_id) + "#notes", status_code=303)


def _page(site: Site, request: Request, row: RunRow, status: int = 200, trouble: str = "") -> Response:
    before = site.history.runs(Wanted(plan=row.plan, board=row.board, model=row.model, until=row.started), limit=1)
    place = reports.folder(site.settings.base, row)
    kept = [name for name in reports.TYPES if name != "serial.log"]
    return site.page(
        request,
        "run.html.j2",
        status,
        run=row,
        before=before[0] if before else None,
        files=reports.present(place) if place is not None else kept,
        in_folder=place is not None,
        trouble=trouble,
    )


def _row(site: Site, run_id: str) -> RunRow:
    found = [row for row in site.history.resolve(run_id) if row.run_id == run_id]
    if not found:
        raise MisuseError("the history has no such run", found=run_id, next_step="look for it under Runs")
    return found[0]


def _written(site: Site, run_id: str, token: str) -> RunRow:
    """The run that a form is about, once it is known to be our own form."""
    if not proof.same(token, proof.form_token(site.settings)):
        raise HTTPException(403, "the form is of a server that has ended: load the page anew")
    return _row(site, run_id)

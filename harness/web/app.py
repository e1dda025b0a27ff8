"""The application: every page joined, behind the guard; errors of ours told as pages."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from harness.errors import BenchError, HilError, MisuseError
from harness.evidence import ourfault
from harness.evidence.history import History
from harness.text import printable
from harness.web import bench, compare, live, login, matrix, run, runs, static, trends
from harness.web.guard import Guard
from harness.web.settings import Settings
from harness.web.site import Site

PARTS: Final = (matrix, runs, run, compare, trends, bench, live, login, static)
_STATUS: dict[type[HilError], int] = {MisuseError: 404, BenchError: 503}


def make_app(history: History, settings: Settings) -> ASGIApp:
    """The ASGI application over an open history, which stays the caller's to close."""
    # Its own documentation would load scripts from elsewhere, and nobody needs it.
    app = FastAPI(title="hil", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = Site(history, settings)
    for part in PARTS:
        app.include_router(part.router)
    app.add_exception_handler(HilError, _told)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _mistaken)
    app.add_exception_handler(Exception, _ours)
    return Guard(app, settings)


def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, HilError)
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    facts = [("Where", error.where), ("Expected", error.expected), ("Found", error.found), ("Next", error.next_step)]
    return _page(request, status, error.what, [(name, str(part)) for name, part in facts if part is not None])


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = "there is no such page" if error.status_code == 404 else error.detail
    return _page(request, error.status_code, words, [])


def _mistaken(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    facts = [(str(one["loc"][-1]), str(one["msg"])) for one in error.errors()[:10]]
    return _page(request, 400, "the address says something that cannot be", facts)


def _ours(request: Request, error: Exception) -> Response:
    return _page(request, 500, ourfault.told(error), [])


def _page(request: Request, status: int, what: str, facts: list[tuple[str, str]]) -> Response:
    site: Site = request.app.state.site
    shown = [(name, printable(text)) for name, text in facts]
    return site.page(request, "error.html.j2", status, what=printable(what), facts=shown, code=status)

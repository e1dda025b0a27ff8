"""Two runs held against each other, by anything that names runs in the history."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from harness.web.site import TheSite

router = APIRouter()


@router.get("/compare")
def compare(site: TheSite, request: Request) -> Response:
    """The form."""
    return site.page(request, "compare.html.j2", tags=site.history.tags())

"""The bench: which units are near, who holds them, and what they do."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from harness.bench.reachable import reachable
from harness.run import underway
from harness.web.site import TheSite

router = APIRouter()


@router.get("/bench")
def bench(site: TheSite, request: Request) -> Response:
    """What is reached from this host, by whoever. Another host's bench is its own page."""
    running = {case.unit: case for case in underway.cases() if not case.ended and case.unit}
    units = reachable()
    known = {unit.uid for unit in units}
    return site.page(
        request,
        "bench.html.j2",
        units=units,
        running=running,
        # A unit that is emulated by its own command, or found through a bench file alone, is near only while it is used.
        elsewhere=[case for uid, case in running.items() if uid not in known],
    )

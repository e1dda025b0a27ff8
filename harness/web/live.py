"""A case while it runs, by whoever runs it on this host: followed through what it tells (``run.underway``)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Request
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from harness.evidence.reports import _words
from harness.records import Measurement
from harness.run import underway
from harness.run.underway import Underway
from harness.verdict.statistics import wilson
from harness.web.site import TheSite

router = APIRouter()
_EVERY_S: Final = 0.5
_MOST_FOLLOWERS: Final = 64

RunId = Annotated[str, Path(max_length=100)]


@router.get("/live")
def live(site: TheSite, request: Request) -> Response:
    """Those that run, and the last few that have ended."""
    cases = underway.cases()
    return site.page(
        request,
        "live.html.j2",
        running=[case for case in cases if not case.ended],
        ended=[case for case in cases if case.ended],
        told=told,
    )


@router.get("/live/{run_id}")
def case(site: TheSite, request: Request, run_id: RunId) -> Response:
    """One. The page is whole without a script; with it, it moves."""
    return site.page(request, "case.html.j2", case=_case(run_id), told=told(_case(run_id)))


@router.get("/live/{run_id}/events")
async def events(request: Request, run_id: RunId) -> Response:
    """Server-sent events: ``state`` (the texts of the page by their names, as JSON) when they change, ``end`` when it is over."""
    await run_in_threadpool(_case, run_id)
    app = request.app
    followers: int = getattr(app.state, "followers", 0)
    if followers >= _MOST_FOLLOWERS:
        raise HTTPException(503, "too many follow already")

    async def followed() -> AsyncIterator[dict[str, str]]:
        app.state.followers = getattr(app.state, "followers", 0) + 1
        try:
            last: dict[str, str] = {}
            while True:
                state = await run_in_threadpool(underway.case, run_id)
                texts = told(state) if state is not None else last
                if texts != last:
                    last = texts
                    yield {"event": "state", "data": json.dumps(texts)}
                if state is None or state.ended:
                    yield {"event": "end", "data": json.dumps({"verdict": last.get("verdict", "")})}
                    return
                await asyncio.sleep(_EVERY_S)
        finally:
            app.state.followers -= 1

    return EventSourceResponse(followed(), headers={"Cache-Control": "no-store"})


def told(state: Underway) -> dict[str, str]:
    """The texts of a case's page by their names; "" for what cannot be said."""
    link = state.link
    texts = {
        "step": "ended" if state.ended else state.step,
        "verdict": state.verdict.value if state.verdict else "",
        "answered": f"{state.answered:,} of {state.total:,}" if state.total else "",
        "share": f"{state.answered / state.total:.4f}" if state.total else "",
        "rate": "",
        "left": _duration(state.left_s),
        "accuracy": "",
        "interval": "",
        "unit": state.unit,
        "baud": f"{link.baud:,}" if link and link.baud else "",
        "sent": _bytes(link.bytes_tx) if link else "",
        "received": _bytes(link.bytes_rx) if link else "",
        "bad": f"{link.frames_bad:,}" if link else "",
        "resent": f"{link.resent:,}" if link else "",
        "stalls": f"{link.stalls:,}" if link else "",
        "resets": f"{link.resets:,}" if link else "",
    }
    here = state.answered - state.earlier
    if here > 0 and state.streamed_s > 0:
        texts["rate"] = f"{here / state.streamed_s:,.1f} /s"
    if state.right is not None and state.judged:
        low, high = wilson(state.right, state.judged)
        share = state.right / state.judged
        texts["accuracy"] = _words.figure(share, "ratio")
        texts["interval"] = _words.interval(
            Measurement(name="accuracy", value=share, unit="ratio", n=state.judged, low=low, high=high)
        )
    return texts


def _case(run_id: str) -> Underway:
    found = underway.case(run_id)
    if found is None:
        raise HTTPException(404, "no case of that id runs on this host, or has just ended")
    return found


def _bytes(count: int) -> str:
    return f"{count:,} B" if count < 10_000 else f"{count / 1000:,.0f} kB"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60} min {whole % 60:02d} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    )

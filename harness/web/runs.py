"""All runs, newest first. What is filtered by stands in the address, so a view can be sent to somebody."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.responses import Response

from harness.evidence.history import Wanted
from harness.web.site import Site, TheSite

router = APIRouter()
PAGE: Final = 50
_MOST_PAGES: Final = 20_000
_LONGEST: Final = 200


class Filters(BaseModel):
    """The query of the address. An empty one is as one that is not there: forms send them."""

    model_config = ConfigDict(extra="ignore", str_max_length=_LONGEST)

    plan: str | None = None
    board: str | None = None
    model: str | None = None
    verdict: Literal["pass", "fail", "error", "inconclusive"] | None = None
    unit: str | None = None
    evidence: Literal["hardware", "emulated", "unknown"] | None = None
    session: str | None = None
    since: date | None = None  # from the beginning of that day, UTC
    until: date | None = None  # to the end of that day, UTC
    text: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return (value.strip() or None) if isinstance(value, str) else value

    def wanted(self) -> Wanted:
        """As the history takes it."""
        return Wanted(
            plan=self.plan,
            board=self.board,
            model=self.model,
            verdict=self.verdict,
            unit=self.unit,
            evidence=self.evidence,
            session=self.session,
            since=_midnight(self.since, 0),
            until=_midnight(self.until, 1),
            text=self.text,
        )

    def said(self) -> dict[str, str]:
        """Every filter as text for forms and addresses; "" for one that says nothing."""
        return {name: "" if value is None else str(value) for name, value in self.model_dump().items()}


class Page(Filters):
    """The same, and which page of it."""

    page: Annotated[int, Query(ge=1, le=_MOST_PAGES)] = 1


@router.get("/runs")
def runs(site: TheSite, request: Request, asked: Annotated[Page, Query()]) -> Response:
    """The list, with a form for its filters."""
    wanted = asked.wanted()
    rows = site.history.runs(wanted, limit=PAGE + 1, offset=(asked.page - 1) * PAGE)
    filters = asked.said()
    filters.pop("page", None)
    return site.page(
        request,
        "runs.html.j2",
        rows=rows[:PAGE],
        total=site.history.count(wanted),
        first=(asked.page - 1) * PAGE + 1,
        page=asked.page,
        more=len(rows) > PAGE,
        filters=filters,
        filtered=any(filters.values()),
        choices=choices(site),
    )


def choices(site: Site) -> dict[str, list[str]]:
    """What the forms offer: the plans, boards and models that have ever run."""
    names = site.history.cell_names()
    plans, boards, models = (sorted({cell[part] for cell in names}) for part in range(3))
    return {"plan": plans, "board": boards, "model": models}


def _midnight(day: date | None, more: int) -> datetime | None:
    if day is None or not 1970 <= day.year <= 9000:
        return None
    return datetime.combine(day + timedelta(days=more), time(), UTC)

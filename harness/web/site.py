"""What every page has in hand: the history, the settings, and the templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import jinja2
from fastapi import Depends, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse

from harness.evidence.history import History
from harness.evidence.reports import _pages, _words
from harness.records import Verdict
from harness.text import printable
from harness.web import proof
from harness.web.settings import Settings

_FOLDER: Final = Path(__file__).parent / "_templates"
#: The parts of the site: name, address, what is there.
SECTIONS: Final = (
    ("Matrix", "/"),
    ("Runs", "/runs"),
    ("Compare", "/compare"),
    ("Trends", "/trends"),
    ("Bench", "/bench"),
    ("Live", "/live"),
)


@dataclass(frozen=True)
class Site:
    """One server's."""

    history: History
    settings: Settings

    def page(self, request: Request, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
        """The page of that template. What is put into it is escaped."""
        made = _environment().get_template(template)
        html = made.render(
            here=request.url.path,
            sections=SECTIONS,
            form_field=proof.FORM_FIELD,
            form_token=proof.form_token(self.settings),
            may_leave=self.settings.token is not None,
            **shown,
        )
        return HTMLResponse(html.encode("utf-8", "replace"), status_code=status)


def _of(request: Request) -> Site:
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


#: A parameter of a page: the site that it belongs to.
TheSite = Annotated[Site, Depends(_of)]


@cache
def _environment() -> jinja2.Environment:
    made = _pages.environment(_FOLDER)
    made.filters["moment"] = moment
    made.globals["address"] = address
    made.globals["figure"] = _words.figure
    made.globals["moved"] = _words.moved
    made.globals["verdicts"] = tuple(verdict.value for verdict in Verdict)
    return made


def style() -> bytes:
    """The sheet of every page: the reports' look, and what only a site has."""
    made = _environment()
    return (made.get_template("style.css.j2").render() + made.get_template("site.css.j2").render()).encode()


def moment(when: datetime) -> Markup:
    """A time as people and programs read it, UTC."""
    return Markup('<time datetime="{}">{}</time>').format(
        when.isoformat(timespec="seconds"), when.strftime("%Y-%m-%d %H:%M")
    )


def address(path: str, *parts: str, **query: object) -> str:
    """A local address: ``parts`` are escaped and put behind ``path``, those of ``query`` that say something behind the ?."""
    place = "/".join([path.rstrip("/"), *(quote(printable(part), safe="") for part in parts)]) or "/"
    said = {name.rstrip("_"): value for name, value in query.items() if value not in (None, "")}
    return f"{place}?{urlencode(said)}" if said else place

"""Templates of HTML pages: ``page.html.j2`` frames them all, ``style.css.j2`` is their look, ``parts.html.j2`` tables and marks."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup, escape

from harness.evidence.reports._compiled import Kept

_JOINT = re.compile(r"(?<=[A-Za-z0-9])([_/.:])(?=[A-Za-z0-9])")


FOLDER: Final = Path(__file__).parent / "_templates"


def environment(*folders: Path) -> jinja2.Environment:
    """Templates of ``folders``, which may extend and import those of the reports."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, FOLDER]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=Kept(Path(__file__).read_text("utf-8")),
    )
    made.filters["breakable"] = breakable
    return made


@cache
def _of_reports() -> jinja2.Environment:
    return environment()


def template(name: str) -> jinja2.Template:
    """``name`` is a file of ``_templates``; what is put into it is escaped."""
    return _of_reports().get_template(name)


def breakable(name: str) -> Markup:
    """A name as text that a narrow screen breaks at its joints (``decision_|agreement``) before it breaks a word."""
    return Markup(_JOINT.sub(r"\1<wbr>", str(escape(name))))

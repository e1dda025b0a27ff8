"""Templates of HTML pages: ``page.html.j2`` frames them all, ``style.css.j2`` is their look, ``parts.html.j2`` tables and marks."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from harness.evidence.reports._compiled import Kept

_JOINT = re.compile(r"(?<=[A-Za-z0-9])([_/.:])(?=[A-Za-z0-9])")


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "_templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=Kept(Path(__file__).read_text("utf-8")),
    )
    made.filters["breakable"] = breakable
    return made


def template(name: str) -> jinja2.Template:
    """``name`` is a file of ``_templates``; what is put into it is escaped."""
    return _environment().get_template(name)


def breakable(name: str) -> Markup:
    """A name as text that a narrow screen breaks at its joints (``decision_|agreement``) before it breaks a word."""
    return Markup(_JOINT.sub(r"\1<wbr>", str(escape(name))))

"""``compare.html``: the comparison for reading, one file with everything in it; nothing is loaded from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.evidence.comparison import Shown, _flips, _words
from harness.evidence.comparison.compared import Compared, ranked
from harness.evidence.reports import _pages
from harness.verdict.swap import Comparison

FILENAME = "compare.html"
# A page of hundreds of sounds is heavy and nobody looks at all: the rest is listed, and --all-flips draws it.
_MOST_DRAWN = 24
_MOST_LISTED = 500


@dataclass(frozen=True)
class _Drawn:
    """A sample whose decision changed, ready to show. ``outputs``: class, the baseline's, the candidate's."""

    id: str
    decision: Markup
    picture: Markup
    outputs: list[tuple[str, str, str]]


@dataclass(frozen=True)
class _Kind:
    """The samples that changed in one way: the first few drawn, and how many more there are."""

    title: str
    drawn: list[_Drawn]
    more: int


@dataclass(frozen=True)
class _Case:
    comparison: Comparison
    title: str
    kinds: list[_Kind]
    wide: bool  # the pictures are: sounds and curves
    listed: _words.Table
    unlisted: int
    why_none: str


def render(compared: Compared, shown: Sequence[Shown]) -> bytes:
    """The page. Of several cases each has a part of its own, below a table of all."""
    cases = [_case(case, arrays) for case, arrays in ranked([*zip(compared.cases, shown, strict=True)])]
    page = _pages.template("compare.html.j2").render(
        compared=compared,
        cases=cases,
        words=_words,
    )
    return page.encode("utf-8", "replace")


def _case(case: Comparison, shown: Shown) -> _Case:
    kinds = []
    for kind in _words.KINDS:
        found = _words.of_kind(case, kind)
        drawn = found if shown.all_flips else found[:_MOST_DRAWN]
        if found:
            each = [
                _Drawn(
                    flip.id,
                    Markup("{} <span class='muted'>decided</span> {} → {}").format(
                        flip.label_name, flip.before_name, flip.after_name
                    ),
                    shown.pictures.picture(flip.id),
                    _flips.both(shown, flip),
                )
                for flip in drawn
            ]
            kinds.append(_Kind(_words.kind_title(case, kind), each, len(found) - len(drawn)))
    listed = case.flips if shown.all_flips else case.flips[:_MOST_LISTED]
    return _Case(
        comparison=case,
        title=_words.subject(case),
        kinds=kinds,
        wide=shown.pictures.kind() in ("sound", "curves"),
        listed=_flips.listed(shown, listed),
        unlisted=len(case.flips) - len(listed),
        why_none=shown.pictures.why_none,
    )

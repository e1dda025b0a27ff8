"""Pages of releases: one that lacks several things, one that passes, and one with awkward names."""

from __future__ import annotations

from datetime import timedelta

from harness.evidence.releasereports import html
from harness.records import SourceFacts
from harness.tests.verdict.release_runs import NOW, broken, firmware, hits, plan, release, run
from harness.verdict.release import Asked, ReleaseFacts, choose, judge_release
from harness.verdict.release.facts import BaselineFacts, Document


def mixed() -> ReleaseFacts:
    """Three plans on two boards: every status, a warning, a comparison, gates that chance could break."""
    text = 'name: "1.5"\ntitle: The keyword spotter\nfresh: 7d\nplans: [kws, far, near]\n'
    text += "dismissed: [{run: far-psoc-90000, reason: a cable was loose}]\n"
    plans = [plan(), *(plan(plan_text(name)) for name in ("far", "near"))]
    asked = Asked.of(release(text=text), plans)
    runs = [
        run(firmware=firmware(given=True)),
        run("psoc", **broken()),
        named("far", "nucleo", age=timedelta(days=9)),
        named("far", "psoc"),
        named("far", "psoc", age=timedelta(hours=25), run_id="far-psoc-90000", **broken()),
        named("near", "psoc", evidence="emulated", backend="virtual"),
    ]
    return judged(asked, runs)


def passing() -> ReleaseFacts:
    """All of it, with edits nowhere."""
    found = judged(Asked.of(release(), [plan()]), [run(), run("psoc", **hits(940))])
    against = BaselineFacts(
        run_id="nucleo-old", verdict=found.verdict, reasons=(), n=1000, lost=2, gained=5, difference=0.003, low=-0.002,
        high=0.009, margin=0.02,
    )  # fmt: skip
    cells = tuple(cell.model_copy(update={"baseline": against}) for cell in found.cells)
    return found.model_copy(update={"cells": cells, "baseline": "release-1.4"})


def awkward() -> ReleaseFacts:
    """Names that are long, and text that would be markup."""
    name = "a_name_whose_author_had_much_to_say" * 4
    source = SourceFacts(commit="f" * 40, dirty=True)
    found = judged(Asked.of(release(), [plan()]), [run(source=source, host="<b>x</b>")])
    return found.model_copy(
        update={
            "name": name,
            "title": "<script>alert(1)</script>",
            "sources": (f"/srv/{name}/{name}",),
            "cells": tuple(
                cell.model_copy(update={"id": f"{name}/{name}/{name}", "board": name, "reasons": ("<i>", "y" * 300)})
                for cell in found.cells[:1]
            ),
        }
    )


def plan_text(name: str) -> str:
    return (
        f"name: {name}\nboards: [nucleo, psoc]\nmodels: [small]\ndataset: digits\n"
        "gates: [accuracy >= 0.9 confidence 0.95, lost_samples == 0]\n"
    )


def named(name: str, board: str, **changed):
    return run(board, **({"plan": name, "case_id": f"{name}/{board}/small"} | changed))


def judged(asked: Asked, runs) -> ReleaseFacts:
    commit, cells = choose(asked, runs, now=NOW)
    documents = [Document(name="1.5.yaml", sha256="a1" * 32), Document(name="kws.yaml", sha256="b2" * 32)]
    return judge_release(
        asked, commit, cells, now=NOW, digests={}, documents=documents, sources=["history hil-reports/history.db"]
    )


def release_page() -> bytes:
    """All of both in one."""
    odd = awkward()
    found = mixed().model_copy(update={"title": odd.title, "sources": odd.sources})
    return html.render(found.model_copy(update={"cells": (*found.cells, *odd.cells)}))

"""Comparisons as ``hil compare`` makes them, from runs with a real classifier in the board's place, and their pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from evidence_runs import Run, anomaly_of, make_run

from harness.evidence.comparison import Compared, Pictures, Shown, html
from harness.evidence.comparison.compared import Alone, Refused, compared
from harness.records import Record, Samples
from harness.verdict.swap import Side, compare_sides

Both = tuple[Compared, list[Shown]]

REFUSED = Refused(
    case_id="keywords/b/net", why="the two runs are not of the same data\n  expected: sha256 " + "0a" * 32
)
ALONE = Alone(case_id="vowels/b/net", side="baseline", run_id="r7")


def other_model(record: Record, digest: str = "beef" * 16) -> Record:
    assert record.firmware is not None
    return record.model_copy(
        update={"firmware": record.firmware.model_copy(update={"model_sha256": digest, "elf_sha256": digest})}
    )


def decided_otherwise(samples: Samples, rows: Any, to: Any) -> Samples:
    """Those rows decided as class ``to``, with outputs that say so."""
    outputs, decisions = samples.outputs.copy(), samples.decisions
    assert decisions is not None
    decisions = decisions.copy()
    outputs[rows] = -128
    outputs[rows, to] = 100
    decisions[rows] = to
    return replace(samples, outputs=outputs, decisions=decisions)


@cache
def swapped(lost: int = 60, *, gained: bool = True, pictures: bool = True, **wishes: Any) -> Both:
    """The digits' run and one of another network: ``lost`` right ones decided wrongly, the wrong ones rightly."""
    run = make_run()
    assert run.samples.decisions is not None
    right = run.samples.decisions == run.samples.labels
    wrong = np.flatnonzero(~right)
    some = np.flatnonzero(right)[:lost]
    samples = decided_otherwise(run.samples, some, (run.samples.labels[some] + 1) % 10)
    if gained:
        samples = decided_otherwise(samples, wrong, run.samples.labels[wrong])
        samples = decided_otherwise(samples, wrong[:1], [(run.samples.decisions[wrong[0]] + 1) % 10])
    return held(run, Run(other_model(run.record), samples, run.dataset), pictures=pictures, **wishes)


def held(before: Run, after: Run, *, pictures: bool = True, all_flips: bool = False, **wishes: Any) -> Both:
    one, other = Side("release-1.4", before.record, before.samples), Side("latest", after.record, after.samples)
    found = compare_sides(one, other, **wishes)
    data = before.dataset
    drawn = Pictures({str(i): x for i, x in zip(data.ids, data.inputs, strict=True)})
    none = Pictures(why_none="without pictures of the samples: no plan 'digits' is here")
    return compared("release-1.4", "latest", [found]), [Shown(one, other, drawn if pictures else none, all_flips)]


@cache
def without_decisions() -> Both:
    """Of a task that has a score and no classes."""
    run = anomaly_of(make_run(), normal="0", score="output", max_fpr="0.1", windows="1")
    return held(run, Run(other_model(run.record), run.samples, run.dataset))


@cache
def unchanged() -> Both:
    return held(make_run(), make_run())


@cache
def several() -> Both:
    """A worse network on three boards, one of which shows sounds and one motions, one refused, one on one side alone."""
    made = [swapped(2, gained=False), swapped(3, gained=False), swapped(60, pictures=False)]
    ids = [str(flip.id) for case, _ in made[:2] for flip in case.cases[0].flips]
    random = np.random.default_rng(4)
    time = np.linspace(0, 1, 16000)
    sound = (np.sin(2 * np.pi * 900 * time) * np.hanning(16000)).astype(np.float32)
    motion = np.cumsum(random.normal(size=(400, 6)), axis=0).astype(np.float32)
    views = (Pictures(dict.fromkeys(ids, sound), 16000), Pictures(dict.fromkeys(ids, motion), 200), None)
    cases, shown = [], []
    for number, ((case, arrays), view) in enumerate(zip(made, views, strict=True)):
        cases.append(case.cases[0])
        shown.append(arrays[0] if view is None else replace(arrays[0], pictures=view))
        facts = cases[-1].candidate.model_copy(update={"case_id": f"digits/board_{number}/a_model_with_a_long_name"})
        cases[-1] = cases[-1].model_copy(update={"candidate": facts})
    return compared("release-1.4", "latest", cases, [REFUSED], [ALONE]), shown


def page(make: Callable[[], Both]) -> bytes:
    return html.render(*make())


def swapped_page() -> bytes:
    return page(swapped)


def several_swapped_page() -> bytes:
    return page(several)

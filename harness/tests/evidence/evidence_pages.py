"""Pages of every kind that a user may meet, the awkward ones too: what tests look at in a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from evidence_runs import OUTPUT, anomaly_of, broken_rig, differing, float_run, make_run, with_layers
from night_pages import night_page
from release_pages import release_page
from run_pages import crowded_index_page, index_page
from swapped_runs import several_swapped_page, swapped_page

from harness.conversion import ChangeFacts, Conversion, OriginFacts, TaskRowFacts
from harness.evidence.reports import html
from harness.findings import Explanation
from harness.records import FaultReport, Measurement, Record, Samples, Verdict
from harness.verdict import View
from harness.verdict.conversion import STEPS, Row, rows, steps
from harness.verdict.metrics._common import share

FAULT = FaultReport(
    pc=0x08001234, lr=0x08000421, sp=0x2001FF00, psr=0x61000003, cfsr=0x8200, hfsr=0x40000000, bfar=0xE0000000, mmfar=0,
    symbols=("conv2d+0x12 (firmware/engine/kernels/convolution_with_a_rather_long_file_name_s8.c:88)", "main+0x4 (main.c:12)"),
    last_message="DATA", sample=17,
)  # fmt: skip


def _page(record: Record, samples: Samples | None = None, inputs: np.ndarray | None = None) -> bytes:
    return html.render(record, samples, inputs)


def passed() -> bytes:
    return html.render(*make_run("hardware").parts)


def passed_float() -> bytes:
    return html.render(*float_run().parts)


def failed_in_a_layer() -> bytes:
    """Everything that a failed run may show at once: layers, a crash, a noisy line, warnings, an explanation."""
    run = with_layers(damage=differing, verdict=Verdict.FAIL, reasons=("agreement 0.98 (n=450), limit == 1",))
    assert run.record.link is not None
    update = {
        "link": run.record.link.model_copy(update={"frames_bad": 3, "resent": 12, "revived": 1, "stalls": 2}),
        "fault": FAULT,
        "console": ("boot: 180 MHz from the oscillator", "x" * 200, "conv2d: assert failed at kernels.c:88"),
        "warnings": (
            "every one of 450 samples was decided as 'yes'",
            "921600 baud does not hold: 3 frames of 10 were damaged",
        ),
        "explanation": Explanation(mistake="the axes swapped", before=0.09, after=0.953, n=300, tried=26),
    }
    return _page(run.record.model_copy(update=update), run.samples, run.dataset.inputs)


def converted() -> bytes:
    """The network before its conversion, its .tflite on the host and the board."""
    run = make_run(damage=differing)
    origin = run.samples.reference.astype(np.float32)
    origin[::9] = np.roll(origin[::9], 1, axis=1)
    samples = replace(run.samples, origin=origin)
    assert run.record.dataset is not None
    view = View(samples=samples, output=OUTPUT, classes=run.record.dataset.classes, evidence="emulated")
    engines: dict[Row, str] = {
        "origin": "keras 3.11.3, tensorflow 2.20.0",
        "tflite": "litert 2.3.0",
        "board": "builtin",
    }
    facts = OriginFacts(
        file="/home/user/networks/kws.keras", sha256="0a" * 32, engine="keras", version="3.11.3, tensorflow 2.20.0"
    )
    conversion = Conversion(origin=facts, rows=rows(view, engines), steps=steps(view))
    return _page(run.record.model_copy(update={"conversion": conversion}), run.samples, run.dataset.inputs)


def machines() -> bytes:
    """A task with a picture, a long table of parts, and what its conversion cost."""
    run = anomaly_of(make_run(), normal="0", score="output", max_fpr="0.1", windows="1", threshold_split="train")
    found = [Measurement(name="auc", value=0.98, unit="ratio", n=450, low=0.96, high=0.99)]
    found += [
        Measurement(
            name=f"auc.{'machine_with_a_long_name_' * 2}{at}", value=0.9, unit="ratio", n=15, low=0.7, high=0.99
        )
        for at in range(30)
    ]
    found += [
        Measurement(name=name, value=value, unit="ratio", n=45, low=value - 0.05, high=value + 0.04)
        for name, value in (("detection_rate", 0.9), ("false_alarm_rate", 0.06))
    ]
    origin = OriginFacts(file="/nets/was.keras", sha256="0" * 64, engine="keras", version="3")
    rows_ = tuple(
        TaskRowFacts(name=name, engine="litert", metric="auc", unit="ratio", value=0.98, n=450, low=0.96, high=0.99)
        for name in STEPS["total"]
    )
    changes = (ChangeFacts(name="total", score="anomaly score of a sample", n=450, change=-0.01, low=-0.1, high=0.1),)
    cost = Conversion(origin=origin, rows=(), steps=(), task_rows=rows_, changes=changes)
    record = run.record.model_copy(update={"measurements": tuple(found), "conversion": cost, "confusion": ()})
    return _page(record, run.samples)


def broken() -> bytes:
    return _page(broken_rig())


def undecided() -> bytes:
    record = make_run().record
    assert record.dataset is not None
    gates = (
        tuple(g.model_copy(update={"confidence": 0.95, "passed": None}) for g in record.gates[:1]) + record.gates[1:]
    )
    dataset = record.dataset.model_copy(update={"planned": 10_000})
    reasons = (f"{gates[0].reason}: the interval lies on both sides, more samples are needed",)
    return _page(
        record.model_copy(
            update={"verdict": Verdict.INCONCLUSIVE, "gates": gates, "dataset": dataset, "reasons": reasons}
        )
    )


def long_names() -> bytes:
    name = "a_model_whose_author_had_much_to_say" * 5
    record = make_run(damage=differing).record
    longest = record.gates[0].model_copy(update={"metric": f"recall.{'x' * 120}", "reason": "y" * 300})
    update = {
        "case_id": f"{name}/{name}/{name}",
        "model": name,
        "board": name,
        "host": name,
        "gates": (longest, *record.gates),
    }
    return _page(record.model_copy(update=update))


def hundred_classes() -> bytes:
    run = make_run(damage=differing)
    assert run.record.dataset is not None
    classes = tuple(f"species of bird number {index}" for index in range(100))
    counts = np.random.default_rng(5).integers(0, 3, (100, 101)) * (np.random.default_rng(6).random((100, 101)) < 0.05)
    counts[np.arange(100), np.arange(100)] = 95
    found: list[Measurement] = []
    for index, name in enumerate(classes):
        found.append(share(f"precision.{name}", int(counts[index, index]), int(counts[:, index].sum())))
        found.append(share(f"recall.{name}", int(counts[index, index]), int(counts[index].sum())))
    dataset = run.record.dataset.model_copy(update={"classes": classes, "n": int(counts.sum())})
    update = {
        "dataset": dataset,
        "confusion": tuple(map(tuple, counts.tolist())),
        "measurements": (*run.record.measurements, *found),
    }
    return _page(run.record.model_copy(update=update).plain(), run.samples, run.dataset.inputs)


def unicode() -> bytes:
    run = make_run(damage=differing)
    assert run.record.dataset is not None
    names = (
        "日本語の分類",
        "עברית",
        "العربية",
        "Straße",
        "🐦‍⬛ bird",
        "a\u0301",
        "ไทย",
        "русский",
        "<b>&amp;",
        "ẞ" * 30,
    )
    dataset = run.record.dataset.model_copy(update={"classes": names})
    update = {"case_id": "план/плата/модель_語", "reasons": ("עברית and 日本 \u202e turned", "ok"), "dataset": dataset}
    return _page(run.record.model_copy(update=update).plain(), run.samples)


def huge_reasons() -> bytes:
    trace = "\n".join(
        f"  frame {index}: some_function_{index}+0x{index:04x} at /a/path/{'deep/' * 30}file.c" for index in range(60)
    )
    record = broken_rig().model_copy(
        update={"reasons": (f"flashing failed\n{trace}", "w" * 4000), "warnings": ("v" * 2000,)}
    )
    return _page(record)


def whole_run() -> bytes:
    return index_page()


PAGES: dict[str, Callable[[], bytes]] = {
    make.__name__: make
    for make in (
        passed,
        passed_float,
        failed_in_a_layer,
        converted,
        machines,
        broken,
        undecided,
        long_names,
        hundred_classes,
        unicode,
        huge_reasons,
        whole_run,
        crowded_index_page,
        night_page,
        release_page,
        swapped_page,
        several_swapped_page,
    )
}

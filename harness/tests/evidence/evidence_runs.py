"""Records as a run of the digits plan leaves them: real data, a real classifier in the board's place."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from harness.data import Dataset, load, quantise
from harness.findings import Divergence, LayerFacts
from harness.paths import shipped
from harness.plans import load as load_plan
from harness.plans.schema import Gate
from harness.records import (
    Evidence,
    FirmwareFacts,
    LinkFacts,
    Record,
    ReferenceFacts,
    Samples,
    Setting,
    Tensor,
    UnitFacts,
    Verdict,
)
from harness.verdict import View, assess

INPUT = Tensor("image", (1, 8, 8, 1), "int8", 1 / 255, -128)
OUTPUT = Tensor("scores", (1, 10), "int8", 1 / 256, -128)
FLOATS = Tensor("scores", (1, 10), "float32")
FLOAT_GATES = ("accuracy >= 0.95", "max_abs_diff <= 1e-06", "decision_agreement == 1", "lost_samples == 0")


@dataclass(frozen=True)
class Run:
    record: Record
    samples: Samples
    dataset: Dataset

    @property
    def parts(self) -> tuple[Record, Samples, Any]:
        return self.record, self.samples, self.dataset.inputs


@cache
def _scores() -> tuple[Dataset, Any]:
    train, test = load("digits", "train"), load("digits", "test")
    model = KNeighborsClassifier(5).fit(train.inputs.reshape(len(train), -1), train.labels)
    share = model.predict_proba(test.inputs.reshape(len(test), -1))
    return test, np.clip(np.round(share * 256) - 128, -128, 127).astype(np.int8)


def make_run(
    evidence: Evidence = "emulated",
    damage: Callable[[Samples], Samples] | None = None,
    output: Tensor = OUTPUT,
    **changed: Any,
) -> Run:
    """A whole run; ``damage`` changes the samples before they are judged, ``changed`` fields of the record after."""
    dataset, scores = _scores()
    if output is FLOATS:
        scores = OUTPUT.real(scores).astype(np.float32)
    n = len(dataset)
    raw = quantise(dataset.inputs, INPUT)
    crc = np.array([zlib.crc32(row.tobytes()) for row in raw], dtype=np.uint32)
    samples = Samples(
        ids=dataset.ids,
        labels=dataset.labels,
        outputs=scores.copy(),
        reference=scores.copy(),
        cycles=np.random.default_rng(7).integers(611_000, 613_500, n).astype(np.uint64),
        input_crc=crc.copy(),
        sent_crc=crc,
        status=np.zeros(n, dtype=np.uint8),
        answered=np.ones(n, dtype=np.bool_),
        digests=dataset.digests,
    )
    if damage is not None:
        samples = damage(samples)
    link = LinkFacts(
        baud=115_200,
        bytes_tx=45_210,
        bytes_rx=29_733,
        frames_bad=0,
        resent=0,
        line_use=0.71,
        lost=int((~samples.answered).sum()),
        wall_s=5.5,
    )
    firmware = FirmwareFacts(
        elf_sha256="5f3a" * 16,
        model_sha256="c0de" * 16,
        engine="builtin 0.1.0",
        build_id="9b1c2d3e",
        flash_bytes=28_412,
        ram_bytes=14_336,
        flash_s=0.42,
        verified=True,
        compiler="zig cc 0.15.2",
    )
    view = View(
        samples=samples,
        output=output,
        classes=dataset.classes,
        evidence=evidence,
        clock_hz=180_000_000 if evidence == "hardware" else None,
        link=link,
        firmware=firmware,
        stack_bytes=1_204,
    )
    gates = load_plan(shipped("testplans") / "digits.yaml").gates_for("digits_cnn_int8")
    # The classifier in the board's place is too near the limit for its interval.
    judged = [gate.model_copy(update={"confidence": None}) for gate in gates]
    got = assess(view, [Gate.model_validate(text) for text in FLOAT_GATES] if output is FLOATS else judged)
    started = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
    fields: dict[str, Any] = {
        "run_id": "20260314T092653-7f3a",
        "case_id": "digits/nucleo_f446re/digits_cnn_int8",
        "started": started,
        "finished": started + timedelta(seconds=8.1234567),
        "verdict": got.verdict,
        "reasons": got.reasons,
        "plan": "digits",
        "board": "nucleo_f446re",
        "model": "digits_cnn_int8",
        "unit": UnitFacts(uid="virtual-nucleo_f446re-0", probe="hil virtual probe", port="/dev/pts/7"),
        "backend": "virtual" if evidence == "emulated" else "probe",
        "evidence": evidence,
        "caveat": "virtual board: no cycles, no latency" if evidence == "emulated" else "",
        "firmware": firmware,
        "dataset": dataset.facts(),
        "outputs": output.dtype,
        "reference": ReferenceFacts(engine="litert", version="2.3.0"),
        "link": link,
        "measurements": got.measurements,
        "gates": got.gates,
        "confusion": got.confusion,
        "harness_version": "0.1.0",
        "host": "bench-3",
    }
    return Run(Record(**(fields | changed)), got.samples, dataset)


def broken_rig() -> Record:
    """A run that ended before anything was streamed."""
    return make_run(
        verdict=Verdict.ERROR,
        reasons=("probe not found: no ST-LINK with serial 0669FF <attached>",),
        unit=None,
        firmware=None,
        dataset=None,
        reference=None,
        link=None,
        measurements=(),
        gates=(),
        confusion=(),
    ).record


def differing(samples: Samples) -> Samples:
    """Three answers off by some steps, two lost, one failed, one with another input."""
    outputs, answered, status, crc = (
        a.copy() for a in (samples.outputs, samples.answered, samples.status, samples.input_crc)
    )
    outputs[[3, 50, 77], 0] ^= np.array([1, 2, 64], dtype=np.int8)
    answered[[10, 11]] = False
    outputs[[10, 11]] = 0
    status[20] = 1
    crc[30] ^= 1
    return dataclasses.replace(samples, outputs=outputs, answered=answered, status=status, input_crc=crc)


def a_third_apart(samples: Samples) -> Samples:
    """What float kernels do: the outputs of every third sample are 7e-9 away from the reference's."""
    outputs = samples.outputs.copy()
    outputs[::3, 0] += np.float32(7e-9)
    return dataclasses.replace(samples, outputs=outputs)


def float_run(**changed: Any) -> Run:
    """A run of a float model that keeps what is promised: hardly any difference, every decision the same."""
    return make_run(damage=a_third_apart, output=FLOATS, **changed)


DIVERGENCE = Divergence(
    sample="digits-1348",
    sample_index=1,
    layer_index=3,
    layer="conv_2d_3",
    op="CONV_2D",
    tensor="functional_1/conv2d_2/<Relu>",
    shape=(1, 4, 4, 32),
    position=(0, 1, 2, 7),
    expected=-58.0,
    found=-61.0,
    differing=13,
    elements=512,
    equal_layers=3,
    reference="litert",
)


def layer(index: int, cost: int, *, hardware: bool, macs: int = 1000, equal: bool | None = True) -> LayerFacts:
    return LayerFacts(
        index=index,
        name=f"conv_2d_{index}",
        op="CONV_2D",
        shape=(1, 4, 4, 8),
        dtype="int8",
        macs=macs,
        n_bytes=128,
        crc32=index,
        cycles=cost if hardware else None,
        instructions=None if hardware else cost,
        equal=equal,
    )


def with_layers(evidence: Evidence = "emulated", **changed: Any) -> Run:
    rows = tuple(layer(i, cost, hardware=evidence == "hardware") for i, cost in enumerate((3000, 1000)))
    return make_run(
        evidence,
        layers=(*rows, layer(2, 0, hardware=evidence == "hardware", macs=0, equal=None)),
        layers_sample="digits-1347",
        divergence=DIVERGENCE,
        **changed,
    )


def anomaly_of(run: Run, **options: str) -> Run:
    """The digits' run told as an anomaly detector's: 0 is normal, the first output is the score."""
    samples = run.samples
    record = run.record.model_copy(
        update={
            "task": "anomaly",
            "task_options": tuple(Setting(name=name, value=value) for name, value in options.items()),
        }
    )
    scores = np.where(samples.sound, -samples.outputs[:, 0].astype(float), np.nan)
    return Run(record, replace(samples, scores=scores, decisions=None), run.dataset)

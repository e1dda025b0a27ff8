"""From what came back over the wire to arrays and to what the metrics look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.models.reference import apart
from harness.plans.expand import Case
from harness.records import Beside, Evidence, LinkFacts, Samples, Tensor
from harness.run.bring_up import Live
from harness.run.played.workload import PlayedWorkload
from harness.run.product import Product
from harness.run.truth import looked_at, target_rows
from harness.run.underway import Judge
from harness.run.workload import Workload
from harness.session.verbs import StreamResult
from harness.verdict import View
from harness.verdict.decide import decide
from harness.verdict.view import Truth
from harness.wire.events import ResultReceived
from harness.wire.messages import Capability


def gather(workload: Workload, streamed: StreamResult, outputs: Sequence[Tensor], chosen: int = 0) -> Samples:
    """The arrays of a case: row i is the i-th sample sent, answered or not. ``chosen``: the output that the task looks at."""
    n = len(workload.data)
    dtypes = [np.dtype(output.dtype).newbyteorder("<") for output in outputs]
    edges = np.cumsum([0, *(output.n_bytes for output in outputs)])
    found = [np.zeros((n, output.elements), dtype=output.dtype) for output in outputs]
    cycles = np.zeros(n, dtype=np.uint64)
    input_crc = np.zeros(n, dtype=np.uint32)
    status = np.zeros(n, dtype=np.uint8)
    answered = np.zeros(n, dtype=np.bool_)
    for index, result in enumerate(streamed.results):
        if result is None:
            continue
        answered[index] = True
        cycles[index], input_crc[index], status[index] = result.cycles, result.input_crc, result.status
        for values, dtype, start, end in zip(found, dtypes, edges[:-1], edges[1:], strict=True):
            values[index] = np.frombuffer(result.outputs[start:end], dtype=dtype)
    reference = apart(workload.expected, outputs)
    beside = {output.name: Beside(found[at], reference[at]) for at, output in enumerate(outputs) if at != chosen}
    return Samples(
        ids=workload.data.ids,
        labels=workload.data.labels,
        outputs=found[chosen],
        reference=reference[chosen],
        cycles=cycles,
        input_crc=input_crc,
        sent_crc=workload.sent_crc(),
        status=status,
        answered=answered,
        quiet=np.array([index in streamed.quiet for index in range(n)], dtype=np.bool_),
        origin=None if workload.origin is None else workload.origin.outputs,
        converted=None if workload.converted is None else apart(workload.converted, outputs)[chosen],
        beside=beside or None,
        targets=target_rows(workload.data, outputs[chosen]),
        # Steps of one recording are as much alike as what one speaker has said.
        groups=workload.data.sequences if workload.data.groups is None else workload.data.groups,
        digests=workload.data.digests,
    )


def judge_of(case: Case, workload: Workload, outputs: Sequence[Tensor], chosen: int = 0) -> Judge | None:
    """Counts right answers while they come in, as ``accuracy`` will count them; None where nothing is decided sample by sample."""
    if case.plan.task.name != "classification" or isinstance(workload, PlayedWorkload):
        return None
    labels, sent = workload.data.labels, workload.sent_crc()
    output = outputs[chosen]
    dtype = np.dtype(output.dtype).newbyteorder("<")
    start = sum(tensor.n_bytes for tensor in outputs[:chosen])

    def right(answers: Sequence[tuple[int, ResultReceived]]) -> int:
        sound = [(i, one) for i, one in answers if one.status == 0 and one.input_crc == sent[i]]
        if not sound:
            return 0
        raw = b"".join(one.outputs[start : start + output.n_bytes] for _, one in sound)
        decided = decide(np.frombuffer(raw, dtype).reshape(len(sound), -1), case.plan.decide, output)
        return int(np.sum(decided == labels[[i for i, _ in sound]]))

    return right


def link_facts(streamed: StreamResult, evidence: Evidence) -> LinkFacts:
    """The link's counters of one stream, for the record."""
    counters = streamed.counters
    return LinkFacts(
        baud=streamed.baud or 0,
        bytes_tx=counters.bytes_tx,
        bytes_rx=counters.bytes_rx,
        frames_bad=counters.frames_bad,
        resent=counters.resent,
        line_use=streamed.line_use if evidence == "hardware" else None,
        lost=sum(result is None for result in streamed.results),
        wall_s=streamed.wall_s + streamed.earlier_s,
        resets=len(streamed.resets),
        revived=len(streamed.revived),
        reopened=len(streamed.reopened),
        replayed=counters.replayed,
        stalls=counters.stalls,
        climbs=streamed.climbs,
        payload_bytes=counters.payload_bytes,
        overlap=streamed.overlap if evidence == "hardware" else None,
    )


def view_of(
    case: Case,
    product: Product,
    workload: Workload,
    streamed: StreamResult,
    live: Live,
    *,
    truth: Truth,
    evidence: Evidence,
    stack_bytes: int,
) -> View:
    """The case as the metrics see it. ``PlanError`` when the model's outputs cannot belong to the dataset's classes."""
    outputs, chosen = product.model.outputs, looked_at(case.plan, product.model)
    return View(
        samples=gather(workload, streamed, outputs, chosen),
        output=outputs[chosen],
        beside=(*outputs[:chosen], *outputs[chosen + 1 :]),
        task=case.plan.task,
        truth=truth,
        classes=workload.data.classes,
        evidence=evidence,
        rule=case.plan.decide,
        clock_hz=live.hello.clock_hz if live.hello.capabilities & Capability.CYCLES else None,
        link=link_facts(streamed, evidence),
        firmware=product.facts(live.flashed),
        stack_bytes=stack_bytes,
        planned=workload.planned,
        wanted=case.plan.min_samples,
    )

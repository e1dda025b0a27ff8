"""From what came back over the wire to arrays and to what the metrics look at."""

from __future__ import annotations

import numpy as np

from harness.plans.expand import Case
from harness.records import Evidence, LinkFacts, Samples, Tensor
from harness.run.bring_up import Live
from harness.run.product import Product
from harness.run.workload import Workload
from harness.session.verbs import StreamResult
from harness.verdict import View
from harness.wire.messages import Capability


def gather(workload: Workload, streamed: StreamResult, output: Tensor) -> Samples:
    """The arrays of a case: row i is the i-th sample sent, answered or not."""
    n = len(workload.data)
    dtype = np.dtype(output.dtype).newbyteorder("<")
    outputs = np.zeros((n, output.elements), dtype=output.dtype)
    cycles = np.zeros(n, dtype=np.uint64)
    input_crc = np.zeros(n, dtype=np.uint32)
    status = np.zeros(n, dtype=np.uint8)
    answered = np.zeros(n, dtype=np.bool_)
    for index, result in enumerate(streamed.results):
        if result is None:
            continue
        answered[index] = True
        cycles[index], input_crc[index], status[index] = result.cycles, result.input_crc, result.status
        outputs[index] = np.frombuffer(result.outputs, dtype=dtype)
    return Samples(
        ids=workload.data.ids,
        labels=workload.data.labels,
        outputs=outputs,
        reference=workload.expected.reshape(n, output.elements),
        cycles=cycles,
        input_crc=input_crc,
        sent_crc=workload.sent_crc(),
        status=status,
        answered=answered,
        quiet=np.array([index in streamed.quiet for index in range(n)], dtype=np.bool_),
    )


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
    evidence: Evidence,
    stack_bytes: int,
) -> View:
    """The case as the metrics see it. ``PlanError`` when the model's outputs cannot belong to the dataset's classes."""
    output = product.model.outputs[0]
    return View(
        samples=gather(workload, streamed, output),
        output=output,
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

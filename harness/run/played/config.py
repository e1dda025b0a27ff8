"""What the firmware's build must know of what it is played: ``stream_config.h`` and front end, and their sizes in model.json."""

from __future__ import annotations

import json
from pathlib import Path

from harness.data.features import codegen
from harness.models.codegen import emit
from harness.models.metadata import Model
from harness.plans.continuous import AverageRule, SlidingRule
from harness.plans.schema import ThresholdRule
from harness.run.played.playing import REPORT_BYTES, Playing

HEADER = "stream_config.h"
_HEAD_BYTES = 12
_FIRMWARE_BYTES = 512  # what the stream keeps beside the buffers counted here


def write(playing: Playing, model: Model, folder: Path) -> None:
    """Beside the generated model in ``folder``. The same plan gives the same bytes."""
    codegen.generate(playing.front_end, folder, model.inputs[0])
    votes = rule_bytes(playing, model)
    (folder / HEADER).write_text(_header(playing, model, votes), encoding="utf-8")
    path = folder / "model.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    (tensor,) = model.inputs
    document["stream"] = {
        "sample_bytes": _HEAD_BYTES + playing.hop_bytes,
        "report_bytes": REPORT_BYTES,
        "ram_bytes": codegen.stream_bytes(playing.front_end, tensor) + tensor.n_bytes + votes + _FIRMWARE_BYTES,
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def rule_bytes(playing: Playing, model: Model) -> int:
    """What a rule keeps of scores: HIL_AVERAGE_BYTES, or HIL_SLIDING_BYTES, of hil_decide.h."""
    rule, classes = playing.continuous.rule, model.outputs[0].elements
    if isinstance(rule, AverageRule):
        return capacity(playing) * (4 + -(-classes // 4) * 4)
    return rule.over * classes if isinstance(rule, SlidingRule) else 0


def capacity(playing: Playing) -> int:
    """The most results that fall into the time of an average, and one."""
    rule, every_ms = playing.continuous.rule, playing.hop_s * 1000 * playing.continuous.every
    return int(rule.average_ms // every_ms) + 2 if isinstance(rule, AverageRule) else 1


def _header(playing: Playing, model: Model, votes: int) -> str:
    c, gate = playing.continuous, playing.continuous.sound_gate
    opens, backoff = (gate.above, gate.backoff) if gate is not None else (-1, 0)
    return f"""/* Generated from a plan and {emit.comment(model.name)}. Do not edit. */
#ifndef HIL_STREAM_CONFIG_H
#define HIL_STREAM_CONFIG_H

#define HIL_STREAM_HOP {playing.front_end.hop}u /* instants */
#define HIL_STREAM_HOP_BYTES {playing.hop_bytes}u
#define HIL_STREAM_EVERY {c.every}u /* hops between two runs of the network */
#define HIL_STREAM_GATE {{{opens}, {backoff}u}}
#define HIL_STREAM_RULE_BYTES {votes}u
#define HIL_STREAM_RULE {{{_rule(playing, model)}}}
#define HIL_STREAM_RULE_TEXT {emit.string(playing.rule_text)}

#endif
"""


def _rule(playing: Playing, model: Model) -> str:
    """``stream_rule`` of stream_rule.h."""
    c, decide = playing.continuous, playing.decide
    background = sum(1 << index for index, name in enumerate(playing.classes[:32]) if name in c.background)
    threshold = "{0, 0, 0.0}"
    if isinstance(decide, ThresholdRule):
        threshold = f"{{1, {int(decide.inclusive)}, {float(decide.above)!r}}}"
    first = next((index for index, name in enumerate(playing.classes) if name in c.background), -1)
    classes = model.outputs[0].elements
    told, no_mean, no_window = f"0x{background:08x}u, {threshold}", "1u, 1u, 1u, 0u, 1u, 255, 0", "1u, 0u, 1u, 0u, 255"
    if isinstance(c.rule, AverageRule):
        r = c.rule
        mean = f"{classes}u, {capacity(playing)}u, {r.average_ms}u, {r.suppress_ms}u, {r.at_least}u, {r.above}, {first}"
        return f"HIL_RULE_AVERAGE, {told}, 1u, 0u, {{{mean}}}, {{{no_window}}}"
    if isinstance(c.rule, SlidingRule):
        window = f"{classes}u, 0x{background:08x}u, {c.rule.over}u, {c.rule.rest}u, {c.rule.above}"
        return f"HIL_RULE_SLIDING, {told}, 1u, 0u, {{{no_mean}}}, {{{window}}}"
    return f"HIL_RULE_MAJORITY, {told}, {c.rule.over}u, {c.rule.suppress_ms}u, {{{no_mean}}}, {{{no_window}}}"

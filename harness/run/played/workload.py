"""A case with recordings before it runs: what belongs together is seen to, the hops are cut."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.bench.boards import load_board
from harness.data import features
from harness.data.classes import matched
from harness.data.dataset import Dataset, Event
from harness.data.features import FrontEnd
from harness.errors import PlanError
from harness.models import reference as references
from harness.models.metadata import Model
from harness.plans import mistakes
from harness.plans.continuous import SCORED
from harness.plans.expand import Case
from harness.plans.modelspec import ModelSpec
from harness.plans.schema import Plan, ThresholdRule
from harness.records import Tensor
from harness.run.origins import facts, runs_tflite
from harness.run.played import refused
from harness.run.played.playing import Hops, Playing
from harness.run.truth import looked_at
from harness.run.workload import Workload, check_enough, load_case_model, read_data
from harness.verdict import gate_mistakes, tasks

_TAKES = ("float32", "int8", "uint8")


@dataclass(frozen=True)
class PlayedWorkload(Workload):
    """``data`` has a sample for each hop; ``expected`` is zeros until the host has made the same hops (``simulate``)."""

    playing: Playing | None = None
    reference_name: str = "litert"

    def payloads(self) -> Sequence[bytes]:
        """The hops as they travel."""
        return self.hops[: len(self.data)]

    @property
    def hops(self) -> Hops:
        """All of them, made when they are asked for."""
        assert self.playing is not None
        return self.playing.payloads()

    def sent_crc(self) -> npt.NDArray[np.uint32]:
        """CRC-32 of each hop as it was meant."""
        hops = self.hops
        return np.array([zlib.crc32(hops[index]) for index in range(len(self.data))], dtype=np.uint32)


def at_speed(case: Case, speed: Literal["fast", "realtime"] | None) -> Case:
    """With recordings played at another pace than the plan says; None, and a plan that plays none, leave it as it is."""
    if speed is None or case.plan.continuous is None:
        return case
    continuous = case.plan.continuous.model_copy(update={"speed": speed})
    return replace(case, plan=case.plan.model_copy(update={"continuous": continuous}))


def loaded(case: Case) -> tuple[Model, PlayedWorkload]:
    """Everything that can be refused before a board is touched: ``PlanError``, ``DataMissing`` where the recording is not here."""
    plan = case.plan
    assert plan.continuous is not None
    model = load_case_model(case)
    output = looked_at(plan, model)
    front_end = _front_end(case)
    _check_model(model, front_end, plan.where("continuous.front_end"))
    data = read_data(plan, plan.dataset)
    if data.events is None and not data.unlabelled:
        data = _clips(data, model, front_end)
    data = _named(data, model, plan.where("dataset"))
    _check_data(data, front_end, plan.where("dataset"))
    strange = sorted(set(plan.continuous.background) - set(data.classes))
    if strange:
        raise PlanError(
            "the background names what is no class of the network",
            where=plan.where("continuous.background"),
            expected=", ".join(data.classes),
            found=", ".join(strange),
            next_step="correct the names",
        )
    task = tasks.load(plan.task.name)
    task.check(plan.task, model.outputs[0], model.inputs[0], data)
    playing = Playing(data, front_end, plan.continuous, plan.decide, data.classes)
    refused.check(plan, model, output, playing, case.gates)
    _check_rule(case, model)
    _check_line(case, playing)
    whole = playing.hops * len(data)
    check_enough(plan, whole, f"{whole} hops of {1000 * playing.hop_s:g} ms in {data.name}")
    wanted = whole if case.at_most is None else min(case.at_most, whole)
    wrong = gate_mistakes(
        case.gates,
        plan.where_gate,
        classes=data.classes,
        n_samples=whole,
        task=plan.task.name,
        outputs=[output.name for output in model.outputs],
    )
    mistakes.raised(str(plan.origin or plan.name), list(wrong))
    oracle = references.load(runs_tflite(plan.reference))
    values = sum(output.elements for output in model.outputs)
    work = PlayedWorkload(
        data=_hops(playing).first(wanted),
        raw=np.zeros((0,), dtype=np.float32),
        expected=np.zeros((wanted, values), dtype=model.outputs[0].dtype),
        reference=facts(oracle),
        planned=whole,
        inputs=None,
        warnings=tuple(refused.remarks(plan, model, front_end)),
        playing=playing,
        reference_name=runs_tflite(plan.reference),
    )
    return model, work


def playing_of(plan: Plan, board: str, source: ModelSpec) -> Playing | None:
    """What the firmware of a plan's model is built for; None for a plan that plays nothing. Errors as ``loaded``."""
    if plan.continuous is None:
        return None
    case = Case(f"{plan.name}/{board}/{source.name}", plan, board, source, plan.dataset, plan.gates_for(source.name))
    return loaded(case)[1].playing


def _front_end(case: Case) -> FrontEnd:
    assert case.plan.continuous is not None
    try:
        return features.load(case.plan.continuous.front_end)
    except PlanError as error:
        error.where = case.plan.where("continuous.front_end")
        raise


def _clips(data: Dataset, model: Model, front_end: FrontEnd) -> Dataset:
    """Labelled clips as recordings: each is an event of its class from its begin to its end."""
    found, _ = matched(data, model.classes, model.outputs[0].elements, model=model.name)
    length_s = found.inputs.shape[1] / front_end.sample_hz
    events = tuple(Event(index, 0.0, length_s, found.label(index)) for index in range(len(found)))
    return replace(found, events=events)


def _named(data: Dataset, model: Model, where: str) -> Dataset:
    """With the names of the network's classes, which the board's outputs are."""
    names, values = data.classes or model.classes, model.outputs[0].elements
    if not names:
        names = tuple(f"class {index}" for index in range(values))
    if len(names) != values:
        raise PlanError(
            "the classes are not one for each output of the network",
            where=where,
            expected=f"{values} classes, as {model.name} has outputs",
            found=", ".join(names),
            next_step="name them in the order of the outputs: dataset.options.classes",
        )
    return replace(data, classes=names)


def _check_model(model: Model, front_end: FrontEnd, where: str) -> None:
    if len(model.inputs) != 1 or len({output.dtype for output in model.outputs}) != 1:
        raise PlanError(
            "a recording feeds networks of one input, with outputs of one type",
            where=where,
            expected="1 input, 1 type of outputs",
            found=f"{len(model.inputs)} inputs, outputs of {', '.join(output.dtype for output in model.outputs)}",
            next_step="leave 'continuous' out, or name another network",
        )
    (tensor,) = model.inputs
    shape = tuple(n for n in front_end.input_shape if n != 1)
    if tensor.dtype not in _TAKES or shape != tuple(n for n in tensor.shape if n != 1):
        raise PlanError(
            "the front end does not make the network's input",
            where=where,
            expected=f"{model.name} takes {tensor.describe()}",
            found=f"{front_end.name} makes {list(front_end.input_shape)}",
            next_step="name the front end that the network was trained with",
        )


def _check_data(data: Dataset, front_end: FrontEnd, where: str) -> None:
    shape = data.inputs.shape[1:]
    channels = shape[1] if len(shape) == 2 else 1
    if len(shape) not in (1, 2) or channels != front_end.channels:
        raise PlanError(
            "the recording is not what the front end hears",
            where=where,
            expected=f"instants of {front_end.channels} values, at {front_end.sample_hz} Hz",
            found=f"samples of {list(shape)}",
            next_step="use another recording, or other columns of it",
        )
    if data.sample_hz not in (0, front_end.sample_hz):
        raise PlanError(
            "the recording has another rate than the front end hears",
            where=where,
            expected=f"{front_end.sample_hz} Hz",
            found=f"{data.sample_hz} Hz",
            next_step="resample the recording",
        )
    if shape[0] < front_end.length_of(front_end.rows):
        raise PlanError(
            "the recording is shorter than what the network looks at",
            where=where,
            expected=f"{front_end.length_of(front_end.rows)} instants or more",
            found=f"{shape[0]}",
            next_step="use a longer recording",
        )
    if front_end.sample_dtype == "int16" and (
        (data.inputs != np.rint(data.inputs)).any() or data.inputs.max() > 32767 or data.inputs.min() < -32768
    ):
        raise PlanError(
            "the recording is not of whole numbers of 16 bits",
            where=where,
            expected="-32768..32767, as a microphone gives them",
            found=f"{float(data.inputs.min()):g} to {float(data.inputs.max()):g}",
            next_step="for wav_folders: dataset.options.values: int16",
        )


def _check_rule(case: Case, model: Model) -> None:
    plan = case.plan
    assert plan.continuous is not None
    if isinstance(plan.continuous.rule, SCORED) and isinstance(plan.decide, ThresholdRule):
        raise PlanError(
            "a mean of scores has its own threshold",
            where=plan.where("decide"),
            expected="rule.above alone",
            found="decide: threshold as well",
            next_step="remove 'decide', or use rule: {name: majority}",
        )
    if isinstance(plan.continuous.rule, SCORED) and not _is_score(model.outputs[0]):
        raise PlanError(
            "the mean of these outputs is no score of 0..255",
            where=plan.where("continuous.rule"),
            expected="float32 in 0..1, or int8 and uint8 in steps of 1/256",
            found=model.outputs[0].describe(),
            next_step="use rule: {name: majority}",
        )


def _is_score(output: Tensor) -> bool:
    return output.dtype == "float32" or (output.dtype in ("int8", "uint8") and abs(output.scale - 1 / 256) < 1e-6)


def _check_line(case: Case, playing: Playing) -> None:
    """``PlanError`` when no speed of the board's line carries the recording as fast as the sensor gives it."""
    if playing.continuous.speed != "realtime":
        return
    board = load_board(case.board)
    fastest = case.plan.stream.baud or max((board.uart.baud, *board.uart.bauds))
    if playing.bytes_per_s * 10 > fastest:
        raise PlanError(
            "the line cannot carry the recording as fast as the sensor gives it",
            where=case.plan.where("continuous.speed"),
            expected=f"{playing.bytes_per_s:,.0f} bytes a second, {playing.bytes_per_s * 10:,.0f} baud",
            found=f"{fastest:,} baud at most on {case.board}",
            next_step="play it as fast as the board takes it: speed: fast; or allow a higher baud",
        )


def _hops(playing: Playing) -> Dataset:
    """A sample for each hop; its id says where in which recording."""
    data, hop = playing.data, playing.front_end.hop
    whole = data.inputs[:, : playing.hops * hop]
    ids = [f"{name}@{at * playing.hop_s:.3f}s" for name in data.ids for at in range(playing.hops)]
    return replace(
        data,
        ids=np.array(ids),
        labels=np.full(len(ids), -1, dtype=np.int64),
        inputs=np.ascontiguousarray(whole).reshape(len(ids), hop, *whole.shape[2:]),
        groups=None,
        named={},
        targets=None,
    )

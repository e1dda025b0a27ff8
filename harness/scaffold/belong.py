"""Model and data together, on the host: whether they belong together, and what the reference makes of them.

What does not fit is refused with both sides named. Where the reference tells that the data is scaled or its classes are ordered
otherwise than in training, that is written into the plan and said: it is a proposal, which the user can see and undo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from harness.clock import Clock
from harness.data import Dataset, datasets
from harness.data.classes import matched
from harness.errors import PlanError
from harness.models import Model
from harness.models import reference as references
from harness.plans import ArgmaxRule, DatasetSpec, ModelSpec, Plan
from harness.plans.expand import Case
from harness.plans.schema import Option, number
from harness.run.explain import explain
from harness.run.workload import Workload, make_workload
from harness.scaffold import remedies
from harness.scaffold.forms import is_training
from harness.scaffold.kinds import Data
from harness.scaffold.suited import suited
from harness.verdict.decide import decide

REFERENCE = "litert"
_TWIN = "twin"
#: Below it the usual mistakes are tried: a good model on its own data is above it, and a good model with few classes too.
_DOUBTFUL = 0.9
_TRIED = 300  # samples that tell what a change does


@dataclass(frozen=True)
class Pair:
    """A model, its data and what the reference answers. ``right`` [N]: whether a sample is decided as its label says.

    ``classes``: names for the model's outputs that the plan has to give, empty when it need not. ``notes``: for people.
    ``difference``: the largest between the board's own C and the reference, of a model with float outputs; else None.
    ``chosen``: the output that is decided on.
    """

    model: Model
    data: Data
    dataset: Dataset
    workload: Workload
    right: npt.NDArray[np.bool_]
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    difference: float | None = None
    chosen: int = 0

    @property
    def decides(self) -> bool:
        """Whether the data has labels, so that a class is decided on; else board and reference are compared and no more."""
        return not self.dataset.unlabelled

    @property
    def rule(self) -> ArgmaxRule:
        """How a class is decided on."""
        return ArgmaxRule(output=self.model.outputs[self.chosen].name if len(self.model.outputs) > 1 else None)

    @property
    def rows(self) -> npt.NDArray[np.generic]:
        """What the reference gave at the output that is decided on, [N, values]."""
        return references.apart(self.workload.expected, self.model.outputs)[self.chosen]

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.dataset)

    @property
    def hits(self) -> int:
        """How many are right."""
        return int(self.right.sum())


def together(model: Model, data: Data, clock: Clock) -> Pair:
    """Load the data and run the reference. ``PlanError`` for what does not belong together; nothing is written."""
    data = suited(data, model)
    notes = list(data.notes)
    if is_training(data):
        notes.append(f"{data.title} looks like what the model was trained on: its figures promise too much")
    pair = _scored(model, data, (), notes)
    return _measured(_mended(pair, clock))


def _decided_on(model: Model, dataset: Dataset) -> int:
    """The index of the output with a value for each class. ``PlanError`` when that does not tell one from the others."""
    if len(model.outputs) > 1:
        suited = [at for at, output in enumerate(model.outputs) if output.elements == len(dataset.classes)]
        if len(suited) != 1:
            raise PlanError(
                f"the model has {len(model.outputs)} outputs, and it cannot be told which one the labels are of",
                where=str(model.file),
                expected=f"one output with {len(dataset.classes)} values, as the data has classes",
                found=", ".join(f"{tensor.name} {tensor.describe()}" for tensor in model.outputs),
                next_step="write the plan by hand: `hil guide plans` says how it names one of several outputs",
            )
        return suited[0]
    output = model.outputs[0]
    if output.elements < 2:
        raise PlanError(
            "the model has one output value, and a plan decides between classes",
            where=str(model.file),
            expected="an output value for each class",
            found=output.describe(),
            next_step="save the network with one output for each class (softmax over two for yes and no)",
        )
    return 0


def _scored(model: Model, data: Data, classes: tuple[str, ...], notes: list[str]) -> Pair:
    dataset = datasets.load(data.form, data.split, options=data.all_options())
    if dataset.unlabelled:
        work = make_workload(model, dataset, REFERENCE)
        return Pair(model, data, dataset, work, np.zeros(0, dtype=np.bool_), notes=(*notes, *work.warnings))
    chosen = _decided_on(model, dataset)
    names = classes or model.classes
    elements = model.outputs[chosen].elements
    # Rows and folders state no classes: those that occur are all of them when there is one for each output.
    if (
        not names
        and dataset.naming in ("seen", "folders")
        and not _are_numbers(dataset)
        and len(dataset.classes) == elements
    ):
        classes = names = dataset.classes
    found, mapped = matched(dataset, names, elements, model=model.name)
    work = make_workload(replace(model, classes=tuple(names)), found, REFERENCE)
    rows = references.apart(work.expected, model.outputs)[chosen]
    right = decide(rows, ArgmaxRule(), model.outputs[chosen]) == found.labels
    told = [*notes, *([mapped] if mapped else []), *work.warnings]
    return Pair(model, data, found, work, right, classes, tuple(dict.fromkeys(told)), chosen=chosen)


def _are_numbers(dataset: Dataset) -> bool:
    return all(name.isdecimal() for name in dataset.classes)


def _mended(pair: Pair, clock: Clock) -> Pair:
    """The pair with what explains a low score put right, where a plan can say so; else with a note."""
    if not pair.decides or pair.hits >= _DOUBTFUL * pair.n:
        return pair
    found, why_not = explain(_case(pair), replace(pair.model, classes=pair.dataset.classes), pair.workload, clock)
    if found is None or not found.mistake:
        return replace(pair, notes=(*pair.notes, why_not)) if why_not else pair
    better = _with_classes(pair, found.mistake) or _with_scale(pair, found.mistake)
    if better is None or better.hits <= pair.hits:
        note = (
            f"with {found.mistake} the reference is right on {found.after:.1%} instead of {found.before:.1%} of {found.n}"
            " samples: prepare the data, or the classes, so"
        )
        return replace(pair, notes=(*pair.notes, note))
    return better


def _with_scale(pair: Pair, mistake: str) -> Pair | None:
    if len(pair.model.inputs) > 1:
        return None  # the options scale all of them alike
    tensor = pair.model.inputs[0]
    rows = pair.dataset.inputs[:: -(-pair.n // _TRIED)].astype(np.float64)
    found = remedies.scaling(mistake, rows.reshape(len(rows), *tensor.shape[1:]), tensor)
    known = datasets.options_of(pair.data.form)
    if found is None or not {"subtract", "divide"} <= known.keys():
        return None
    now = {name: pair.data.options.get(name, known[name].default) for name in ("subtract", "divide")}
    if not all(isinstance(value, int | float) for value in now.values()):
        return None
    # The change is one of what the form has scaled already: bytes of an image to 0..1.
    subtract, divide = float(str(now["subtract"])), float(str(now["divide"]))
    wanted = {"subtract": remedies.short(subtract + found[0] * divide), "divide": remedies.short(divide * found[1])}
    more: dict[str, Option] = {name: value for name, value in wanted.items() if value != now[name]}
    better = _scored(pair.model, replace(pair.data, options={**pair.data.options, **more}), pair.classes, [])
    said = " and ".join(f"{name}: {number(wanted[name])}" for name in more)
    return replace(better, notes=(*pair.data.notes, _proposal(said, pair, better), *better.notes))


def _with_classes(pair: Pair, mistake: str) -> Pair | None:
    if pair.model.classes or not remedies.is_of_classes(mistake, pair.dataset.classes):
        return None
    decisions = decide(pair.rows, ArgmaxRule(), pair.model.outputs[pair.chosen])
    order = remedies.reordered(decisions, pair.dataset.labels, pair.dataset.classes)
    if pair.dataset.naming == "indices" or _are_numbers(pair.dataset):
        return None  # bare numbers are outputs, whatever they are called
    better = _scored(pair.model, pair.data, order, [])
    said = f"the model's outputs taken as {', '.join(order)}"
    return replace(better, notes=(*pair.data.notes, _proposal(said, pair, better), *better.notes))


def _proposal(said: str, pair: Pair, better: Pair) -> str:
    return (
        f"with {said} the reference is right on {better.hits} instead of {pair.hits} of {pair.n} samples:"
        " written into the plan; check that the model was trained so"
    )


def _case(pair: Pair) -> Case:
    """What ``explain`` wants to know, as a case that no file has."""
    spec = ModelSpec(name=pair.model.name)
    data = DatasetSpec(name=pair.data.form)
    plan = Plan(name="init", boards=("none",), models=(spec,), dataset=data, reference=REFERENCE, decide=pair.rule)
    return Case("init/none/model", plan, "none", spec, data, ())


def _measured(pair: Pair) -> Pair:
    """With the difference of the board's C, built for this host, where the outputs are floats."""
    floats = [at for at, output in enumerate(pair.model.outputs) if output.dtype == "float32"]
    if not floats:
        return pair
    found = references.load(_TWIN).run(pair.model.path, pair.workload.rows(slice(None)))
    ours, theirs = (references.apart(one, pair.model.outputs) for one in (found, pair.workload.expected))
    largest = max(float(np.abs(ours[at].astype(np.float64) - theirs[at].astype(np.float64)).max()) for at in floats)
    return replace(pair, difference=largest if math.isfinite(largest) else None)

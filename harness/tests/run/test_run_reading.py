"""What is refused when a plan is read, with the place in the file; before a board, a model or data is touched."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.errors import PlanError
from harness.plans import DatasetSpec, expand
from harness.plans.expand import Case
from harness.run.reading import read_plan
from harness.run.workload import load_data

GOOD = """\
name: demo
boards: [b]
models: [digits_cnn_int8]
dataset: {name: idx, options: {source: mnist}}
gates:
  - lost_samples == 0
  - accuracy >= 0.95
"""


def written(folder: Path, old: str = "", new: str = "") -> Path:
    assert old in GOOD
    path = folder / "demo.yaml"
    path.write_text(GOOD.replace(old, new) if old else GOOD)
    return path


def test_a_plan_that_can_be_decided_is_read(tmp_path: Path) -> None:
    assert read_plan(written(tmp_path)).name == "demo"


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("accuracy >= 0.95", "accuracy >= 95", ":7:gates[1]", "did you mean 'accuracy >= 0.95'"),
        ("accuracy >=", "acuracy >=", ":7:gates[1]", "did you mean 'accuracy'"),
        ("lost_samples == 0", "lost_samples >= 0", ":6:gates[0]", "holds whatever"),
        ("name: idx", "name: idy", ":4:dataset.name", "unknown dataset"),
        ("source: mnist", "sauce: mnist", ":4:dataset.options", "source, images, labels"),
        ("gates:", "reference: litret\ngates:", ":5:reference", "no reference 'litret'"),
    ],
)
def test_what_no_run_could_decide_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, where: str, says: str
) -> None:
    with pytest.raises(PlanError, match=says) as caught:
        read_plan(written(tmp_path, old, new))
    assert str(caught.value.where).startswith(f"{tmp_path / 'demo.yaml'}{where}")


def digits(folder: Path, samples: int | None, **plan: object) -> Case:
    path = folder / "digits.yaml"
    more = "".join(f"{key}: {value}\n" for key, value in plan.items())
    path.write_text(f"name: digits\nboards: [b]\nmodels: [digits_cnn_int8]\ndataset: digits\n{more}")
    (case,) = expand(read_plan(path), boards=["b"], samples=samples)
    return case


@pytest.mark.parametrize(("asked", "n"), [(None, 450), (60, 60), (450, 450), (1000, 450)])
def test_the_samples_of_a_shortened_run_are_known_with_how_many_the_plan_means(
    tmp_path: Path, asked: int | None, n: int
) -> None:
    data, planned = load_data(digits(tmp_path, asked))
    assert (len(data), planned) == (n, 450)


def test_a_set_smaller_than_the_plan_wants_is_the_authors_mistake(tmp_path: Path) -> None:
    load_data(digits(tmp_path, 10, min_samples=450))
    with pytest.raises(PlanError, match="fewer samples than the plan wants") as caught:
        load_data(digits(tmp_path, 10, min_samples=451))
    assert str(caught.value.where).endswith("digits.yaml:5:min_samples")


def test_a_case_made_by_hand_has_the_samples_that_it_says(tmp_path: Path) -> None:
    case = dataclasses.replace(digits(tmp_path, None), dataset=DatasetSpec(name="digits", samples=7))
    assert len(load_data(case)[0]) == 7


def test_a_published_figure_of_what_nobody_measures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no run measures 'precison'") as refused:
        read_plan(written(tmp_path, "gates:", "published: [{metric: precison, value: 0.99}]\ngates:"))
    assert "demo.yaml:5" in str(refused.value)

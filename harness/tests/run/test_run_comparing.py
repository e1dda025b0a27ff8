"""``hil compare`` on real runs: the digits network swapped for a worse one, one as good, for too few samples, for other data."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "models"))
import digit_networks
from run_cases import digits_case

from harness.cli import main
from harness.data import quantise
from harness.errors import MisuseError
from harness.evidence import layout, write_reports
from harness.models import reference
from harness.models.metadata import tensors
from harness.records import GateResult
from harness.run.comparing import Wishes, limit_of, margins_of
from harness.run.options import RunOptions
from harness.run.pictures import pictures_of
from harness.run.runner import run_case
from harness.run.workload import load_data
from harness.verdict.swap import Limit, Margins

FULL = os.environ.get("HIL_FULL") == "1"


def with_network(path, samples=None):
    """The digits case with another network in the place of its own."""
    case = digits_case(samples)
    source = case.source.model_copy(update={"name": path.stem, "file": str(path)})
    plan = case.plan.model_copy(update={"models": (source,)})
    return replace(case, id=f"digits/{case.board}/{path.stem}", plan=plan, source=source)


def run(case, folder):
    result = run_case(case, RunOptions(backend="virtual"), watch=lambda step: None)
    write_reports(result.record, result.samples, layout.case_folder(folder, case.id))
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compared")


@pytest.fixture(scope="module")
def network(folder):
    """Files of networks, by name."""

    def made(name, content):
        path = folder / f"{name}.tflite"
        path.write_bytes(content)
        return path

    return made


@pytest.fixture(scope="module")
def baseline(folder):
    return run(digits_case(), folder / "baseline")


@pytest.fixture(scope="module")
def as_good(folder, network, baseline):
    """A run of the retrained network. Every day the host's reference answers in the board's place: the same bits, and 5 s less."""
    path = network("as_good", digit_networks.retrained(folder))

    def made(name, samples=None):
        case = with_network(path, samples)
        if FULL:
            run(case, folder / name)
        else:
            _answered_by_the_reference(baseline, case, path, folder / name)
        return folder / name

    return made


def _answered_by_the_reference(like, case, path, folder):
    data, planned = load_data(case)
    n, (image,), _ = len(data), *tensors(path, str(path))
    outputs = reference.load("litert").run(path, quantise(data.inputs, image))
    columns = {name: value[:n] for name, value in vars(like.samples).items() if isinstance(value, np.ndarray)}
    columns |= {"outputs": outputs, "reference": outputs, "decisions": outputs.argmax(axis=1).astype(np.int64)}
    assert like.record.firmware is not None
    record = like.record.model_copy(
        update={
            "case_id": case.id,
            "model": case.model,
            "firmware": like.record.firmware.model_copy(update={"model_sha256": "0" * 64, "elf_sha256": "1" * 64}),
            "dataset": data.facts().model_copy(update={"planned": planned}),
        }
    )
    write_reports(record, replace(like.samples, **columns), layout.case_folder(folder, case.id))


@pytest.fixture
def compare(capsys, folder):
    """(exit status, output, error) of a comparison with the baseline; its reports are in ``folder / "out"``."""

    def go(candidate, *options, out=folder / "out"):
        with pytest.raises(SystemExit) as end:
            main(["compare", str(folder / "baseline"), str(candidate), "--out", str(out), *options])
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return go


def test_a_worse_network_fails_and_its_flipped_digits_are_shown(baseline, network, folder, compare):
    worse = run(with_network(network("worse", digit_networks.worse())), folder / "worse")
    assert worse.record.verdict == "fail"
    status, out, _ = compare(folder / "worse")
    assert status == 1
    assert out.index("the model") < out.index("FAIL"), "first what changed"
    found = json.loads((folder / "out" / "compare.json").read_text())
    (case,) = found["cases"]
    assert [change["what"] for change in case["changes"]] == ["model"]
    lost = [flip for flip in case["flips"] if flip["kind"] == "lost"]
    assert len(lost) == case["decisions"]["lost"] >= 20
    page = (folder / "out" / "compare.html").read_text()
    for flip in lost[:24]:
        assert f'alt="Input of {flip["id"]}"' in page
    assert f"{lost[0]['label_name']} decided {lost[0]['before_name']} → {lost[0]['after_name']}" in out
    assert "@@" in out, "the digits are drawn in the terminal too"


def test_a_network_as_good_passes(baseline, as_good, compare):
    status, out, _ = compare(as_good("as_good"))
    assert (status, "PASS" in out) == (0, True)


def test_fifty_samples_do_not_tell_and_the_number_that_would_is_said(baseline, as_good, compare, folder):
    status, out, _ = compare(as_good("fifty", samples=50))
    assert (status, "INCONCLUSIVE" in out) == (4, True)
    (case,) = json.loads((folder / "out" / "compare.json").read_text())["cases"]
    assert case["pairing"]["n"] == 50
    assert case["decisions"]["n_to_decide"] > 50
    assert f"about {case['decisions']['n_to_decide']:,} samples would decide".capitalize() in out


def test_other_data_is_refused_with_both_hashes_and_nothing_is_written(baseline, compare, folder, tmp_path):
    other = replace(baseline.samples, digests=baseline.samples.digests + np.uint64(1))
    data = baseline.record.dataset.model_copy(update={"sha256": "f" * 64})
    write_reports(baseline.record.model_copy(update={"dataset": data}), other, tmp_path)
    status, out, err = compare(tmp_path, out=tmp_path / "none")
    assert (status, out) == (3, "")
    assert baseline.record.dataset.sha256 in err
    assert "f" * 64 in err
    assert not (tmp_path / "none").exists()


def test_data_that_is_no_longer_what_was_streamed_is_not_shown(baseline):
    ids = [str(baseline.samples.ids[0])]
    assert [*pictures_of(baseline.record, ids).samples] == ids
    data = baseline.record.dataset.model_copy(update={"sha256": "f" * 64})
    found = pictures_of(baseline.record.model_copy(update={"dataset": data}), ids)
    assert not found.samples
    assert "not what was streamed" in found.why_none
    found = pictures_of(baseline.record.model_copy(update={"plan": "nobody"}), ids)
    assert "no plan 'nobody'" in found.why_none


def against_a_baseline(metric, limit, **more):
    fields = {"op": "<=", "value": None, "passed": None, "baseline": "release-1.4", "confidence": 0.95}
    return GateResult(metric=metric, limit=limit, **fields | more)


def test_what_the_plan_says_of_its_baseline_is_what_it_is_compared_by(baseline):
    gates = (
        *baseline.record.gates,
        against_a_baseline("accuracy drop", 0.01, confidence=0.99),
        against_a_baseline("cycles.p50 rise", 0.5, unit="%"),
        against_a_baseline("churn", 0.05, severity="warn"),
    )
    record = baseline.record.model_copy(update={"gates": gates})
    margins, level = margins_of(record, Wishes())
    assert (margins.accuracy, margins.more, level) == (0.01, (Limit("cycles.p50", "rise", 0.5, percent=True),), 0.99)
    said = Wishes(margin=0.03, limits=(limit_of("cycles.p50 rise <= 2 %"), limit_of("negative_flips <= 0.02")))
    margins, _ = margins_of(record, said)
    assert margins.accuracy == 0.03
    assert [(limit.name, limit.limit) for limit in margins.more] == [("cycles.p50 rise", 2.0), ("negative_flips", 0.02)]
    assert margins_of(baseline.record, Wishes()) == (Margins(), 0.95), "a plan without such gates"


@pytest.mark.parametrize(
    "text", ["accuracy >= 0.9", "colour drop <= 1", "accuracy drop >= 0.01", "<=", "flash_bytes rise"]
)
def test_a_limit_that_compares_nothing_is_refused(text):
    with pytest.raises(MisuseError):
        limit_of(text)


def test_a_further_limit_is_judged_like_the_margin(baseline, as_good, compare):
    status, out, _ = compare(as_good("as_good"), "--gate", "churn <= 0.001", "--gate", "flash_bytes rise <= 0")
    assert status == 1
    assert "churn <= 0.10 %" in out
    assert "flash_bytes rise <= 0 B" in out

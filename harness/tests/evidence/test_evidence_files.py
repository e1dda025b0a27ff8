"""record.json and samples.npz: what is written is what is read, and what is not ours is refused in words."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from evidence_runs import Run, broken_rig, make_run

from harness.errors import BenchError, HarnessBug, MisuseError
from harness.evidence import read_record, read_samples, reports, write_reports
from harness.evidence.reports import npz, terminal
from harness.records import SCHEMA, ByGroup, FaultReport, Measurement, UnitFacts

FILES = {"record.json", "samples.npz", "junit.xml", "report.html", "summary.md"}


def test_the_directory_holds_the_five_files_of_the_design_and_nothing_else(run: Run, tmp_path: Path) -> None:
    written = write_reports(run.record, run.samples, tmp_path / "deep" / "er", run.dataset.inputs)
    assert {path.name for path in written} == FILES == {path.name for path in (tmp_path / "deep" / "er").iterdir()}
    assert written[-1].name == "record.json"


def test_a_record_reads_back_equal(run: Run, tmp_path: Path) -> None:
    write_reports(run.record, run.samples, tmp_path)
    assert read_record(tmp_path) == run.record
    assert read_record(tmp_path / "record.json") == run.record


def test_the_names_that_tools_rely_on_are_in_the_record(run: Run, tmp_path: Path) -> None:
    write_reports(run.record, run.samples, tmp_path)
    content = json.loads((tmp_path / "record.json").read_text())
    needed = {
        "": "schema run_id started verdict reasons plan board unit backend evidence firmware dataset reference link "
        "measurements gates",
        "unit": "uid",
        "firmware": "elf_sha256 model_sha256 engine build_id flash_bytes ram_bytes flash_s verified",
        "dataset": "name split sha256 n",
        "reference": "engine version",
        "link": "baud bytes_tx bytes_rx frames_bad resent line_use lost wall_s",
    }
    for part, names in needed.items():
        assert set(names.split()) <= (content[part] if part else content).keys()
    assert {"name", "value", "unit", "n", "low", "high", "by_group"} == content["measurements"][0].keys()
    assert {"metric", "op", "limit", "value", "passed", "needs"} <= content["gates"][0].keys()
    assert content["schema"] == SCHEMA


def test_an_infinite_difference_survives_strict_json(run: Run, tmp_path: Path) -> None:
    odd = tuple(Measurement(name=f"m{v}", value=v, unit="1", n=1) for v in (float("inf"), float("-inf")))
    write_reports(run.record.model_copy(update={"measurements": odd}), run.samples, tmp_path)

    def refuse(word: str) -> None:
        raise AssertionError(f"not JSON: {word}")

    json.loads((tmp_path / "record.json").read_text(), parse_constant=refuse)
    assert read_record(tmp_path).measurements == odd


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"schema": "hil.record/99"}', "hil.record/99"),
        ('{"run_id": "x"}', "no 'schema'"),
        ("[]", "no 'schema'"),
        ("{", "not readable JSON"),
        (json.dumps({"schema": SCHEMA}), "damaged"),
    ],
)
def test_a_record_of_another_kind_is_refused_in_words(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "record.json").write_text(content)
    with pytest.raises(MisuseError, match=says):
        read_record(tmp_path)


def test_no_record_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="no such record"):
        read_record(tmp_path)


def test_samples_read_back_equal_with_and_without_decisions(run: Run, tmp_path: Path) -> None:
    for samples in (run.samples, dataclasses.replace(run.samples, decisions=None)):
        write_reports(run.record, samples, tmp_path)
        back = read_samples(tmp_path)
        for name, array in vars(samples).items():
            got = getattr(back, name)
            if array is None:
                assert got is None
            else:
                assert got.dtype == array.dtype
                np.testing.assert_array_equal(got, array)


def test_an_array_of_objects_is_never_pickled(run: Run) -> None:
    bad = dataclasses.replace(run.samples, ids=np.array([object()], dtype=object))
    with pytest.raises(HarnessBug, match="ids"):
        npz.render(run.record, bad, None)


def test_other_arrays_are_refused_in_words(tmp_path: Path) -> None:
    np.savez(tmp_path / "samples.npz", x=np.zeros(1))
    with pytest.raises(MisuseError, match="not the arrays of a run"):
        read_samples(tmp_path)
    (tmp_path / "samples.npz").write_bytes(b"PK")
    with pytest.raises(MisuseError, match="cannot be read"):
        read_samples(tmp_path)


def test_the_same_run_gives_the_same_bytes(run: Run) -> None:
    for name in reports.names():
        first, second = (reports.load(name).render(*run.parts) for _ in range(2))
        assert first == second, name


def test_a_run_without_samples_takes_the_old_ones_away(run: Run, tmp_path: Path) -> None:
    write_reports(run.record, run.samples, tmp_path)
    written = write_reports(broken_rig(), None, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written} == FILES - {"samples.npz"}
    assert read_record(tmp_path).verdict == "error"


def test_what_cannot_be_written_leaves_no_record_and_no_half_of_a_file(run: Run, tmp_path: Path) -> None:
    write_reports(run.record, run.samples, tmp_path)
    (tmp_path / "report.html").unlink()
    (tmp_path / "report.html").mkdir()  # a file cannot replace a folder, whoever runs the test
    other = make_run(run_id="another")
    with pytest.raises(BenchError, match="could not be written"):
        write_reports(other.record, other.samples, tmp_path)
    assert not (tmp_path / "record.json").exists(), "the old one would say what this run did not"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_archive_is_made_of_plain_arrays(run: Run, tmp_path: Path) -> None:
    write_reports(run.record, run.samples, tmp_path)
    with zipfile.ZipFile(tmp_path / "samples.npz") as archive:
        assert {name.removesuffix(".npy") for name in archive.namelist()} == {
            name for name, array in vars(run.samples).items() if array is not None
        }


EVIL = "a\ud800b\x1b[31mc\x00d\ufffee\u202ef"


@pytest.mark.parametrize(
    "field", ["reasons", "warnings", "case_id", "host", "run_id", "model", "fault", "unit", "classes"]
)
def test_any_text_reaches_every_report_harmlessly(run: Run, tmp_path: Path, field: str) -> None:
    assert run.record.dataset is not None
    changed = {
        "fault": FaultReport(pc=1, lr=2, sp=3, psr=4, cfsr=5, hfsr=6, bfar=7, mmfar=8).model_copy(
            update={"symbols": (EVIL,), "last_message": EVIL}
        ),
        "unit": UnitFacts(uid="u").model_copy(update={"port": EVIL}),
        "classes": run.record.dataset.model_copy(update={"classes": (EVIL, *"123456789")}),
    }
    name = "dataset" if field == "classes" else field
    value = changed.get(field, (EVIL,) if field in ("reasons", "warnings") else EVIL)
    record = run.record.model_copy(update={name: value})
    for path in write_reports(record, run.samples, tmp_path):
        if path.suffix == ".npz":
            continue
        text = path.read_bytes().decode()
        assert not {"\ud800", "\x1b", "\x00", "\ufffe", "\u202e"} & set(text), path.name
        if path.suffix == ".json":
            assert "\\\\x1b[31m" in text
            json.loads(text)
    back = read_record(tmp_path)
    assert back == record.plain()
    assert "\x1b" not in terminal.render_text(back)


def test_a_record_that_says_a_lone_surrogate_in_json_is_read_harmlessly(run: Run, tmp_path: Path) -> None:
    write_reports(run.record, run.samples, tmp_path)
    path = tmp_path / "record.json"
    path.write_text(path.read_text().replace('"bench-3"', '"bench\\ud800\\u001b"'))
    assert read_record(path).host == "bench\\ud800\\x1b"


def test_an_interval_by_group_is_in_every_report_in_a_line_of_its_own(run: Run, tmp_path: Path) -> None:
    by_group = ByGroup(groups=12, effective_n=61.4, low=0.901, high=0.987)
    found = tuple(
        m.model_copy(update={"by_group": by_group}) if m.name == "accuracy" else m for m in run.record.measurements
    )
    record = run.record.model_copy(update={"measurements": found})
    write_reports(record, run.samples, tmp_path)
    assert read_record(tmp_path) == record
    for text in (
        terminal.render_text(record, width=200),
        (tmp_path / "summary.md").read_text(),
        (tmp_path / "report.html").read_text(),
    ):
        line = text.replace("</tr>", "\n").split("by group", 1)[1]
        assert "90.10 to 98.70 %" in line
        assert "450 samples in 12 groups, worth 61" in line
    junit = (tmp_path / "junit.xml").read_text()
    assert "accuracy.groups=12" in junit
    assert "accuracy.by_group.low=0.901" in junit

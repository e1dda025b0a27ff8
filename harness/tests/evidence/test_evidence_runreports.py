"""The reports of a whole run: which verdict speaks for it, what is told first, and that every form takes whatever comes."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from evidence_runs import broken_rig, make_run
from hypothesis import given, settings
from hypothesis import strategies as st
from junit_rules import checked, outcomes
from run_pages import BOARDS, COMMAND, index_page, named, run_of, several, whole

from harness.errors import MisuseError
from harness.evidence import runrecord, runreports
from harness.evidence.runrecord import Interrupted, Skipped
from harness.evidence.runreports import summary
from harness.records import Record, Verdict


def rendered(name: str, run: runrecord.RunRecord, records: dict[str, Record]) -> str:
    return runreports.load(name).render(run, records).decode()


def order(text: str, *words: str) -> bool:
    places = [text.index(word) for word in words]
    return places == sorted(places)


def test_a_run_has_four_files_and_run_json_is_written_last() -> None:
    files = [runreports.load(name).FILENAME for name in runreports.names()]
    assert sorted(files) == ["index.html", "junit.xml", "run.json", "summary.md"]
    assert files[-1] == "run.json"


@pytest.mark.parametrize(
    ("verdicts", "short", "speaks"),
    [
        ((), False, None),
        (("pass", "pass"), False, "pass"),
        (("pass", "inconclusive"), False, "inconclusive"),
        (("inconclusive", "error", "pass"), False, "error"),
        (("error", "fail", "inconclusive"), False, "fail"),
        (("pass",), True, "inconclusive"),
        ((), True, "inconclusive"),
        (("fail",), True, "fail"),
    ],
)
def test_one_verdict_speaks_for_all_and_a_run_with_a_case_less_never_passes(verdicts, short, speaks) -> None:  # type: ignore[no-untyped-def]
    assert runrecord.worst([Verdict(v) for v in verdicts], short=short) == speaks


def test_the_summary_tells_failures_first_the_rig_apart_and_what_is_missing() -> None:
    text = rendered("summary", whole(), several())
    assert text.startswith("## ❌ FAIL: 1 fail, 1 error, 1 inconclusive, 4 pass, 1 interrupted, 1 skipped, 1 not begun")
    assert order(text, "| plan |", "### Failures (the product is wrong)", "agreement 0.984444", "### Faults of the rig",
                 "probe not found", "### Not enough evidence", "cannot be decided on an emulator",
                 "### Interrupted", "1,234 samples", "### Skipped", "### Not begun")  # fmt: skip
    assert "| digits\\_strict | ❌ fail | 🔧 error |" in text
    assert "❔ inconclusive digits\\_cnn\\_int8<br>✅ pass digits\\_cnn\\_f32 | - |" in text
    assert "`pytest --board nucleo_f446re --board steval_stwinkt1` on bench-3" in text
    assert "exit status 1" in text


def test_a_command_that_failed_elsewhere_is_not_told_as_passed() -> None:
    records = {r.case_id: r for r in [named(make_run().record, "digits", BOARDS[0])]}
    assert rendered(
        "summary", run_of(records, command=COMMAND.model_copy(update={"exit_status": 0})), records
    ).startswith("## ✅")
    for name in ("summary", "index"):
        text = rendered(name, run_of(records), records)
        assert "The command ended with exit status 1 although every case here passed" in text
        assert "✅ PASS" not in text


def test_a_summary_of_any_size_fits_a_comment_and_keeps_what_failed() -> None:
    good, bad = (
        make_run().record,
        broken_rig().model_copy(update={"verdict": Verdict.FAIL, "reasons": ("ä" * 5000,) * 9}),
    )
    records = {
        r.case_id: r
        for i in range(400)
        for board in ("a" * 90, "b" * 90, "c")
        for r in [named(bad if i == 399 else good, f"plan{i}" + "x" * 60, board, "m" * 90)]
    }
    content = summary.render(run_of(records), records)
    assert len(content) <= summary.MOST_BYTES + 40
    text = content.decode()
    assert "| plan399" in text
    assert "more plans: index.html" in text
    assert "**plan399" in text


def test_junit_has_a_suite_a_plan_and_keeps_the_rules() -> None:
    root = checked(runreports.load("junit").render(whole(), several()))
    names = [suite.get("name") for suite in root.iter("testsuite")]
    assert names == ["digits", "digits_strict", "kws", "latency", "mnist", "testplans/typo.yaml", "tests.test_kws"]
    suites = {suite.get("name"): suite for suite in root.iter("testsuite")}
    assert suites["digits"].get("tests") == "10"
    (strict,) = (suites["digits_strict"],)
    assert (strict.get("failures"), strict.get("errors")) == ("3", "1")
    assert set(outcomes(suites["mnist"]).values()) == set(outcomes(suites["testplans/typo.yaml"]).values()) == {"error"}
    assert set(outcomes(suites["kws"]).values()) == {"skipped"}


def test_a_run_in_which_nothing_came_to_an_end_has_its_files_too() -> None:
    run = run_of({})
    checked(runreports.load("junit").render(run, {}))
    assert "no verdict" in rendered("index", run, {})
    assert "NO VERDICT: nothing came to an end" in rendered("summary", run, {})
    assert json.loads(rendered("json_", run, {}))["verdict"] is None


def test_the_page_loads_nothing_and_leads_to_every_case() -> None:
    page = index_page().decode()
    assert not re.search(r"(src|href)=.?(https?:)?//|url\(|<script|<link", page)
    folders = {unquote(address) for address in re.findall(r'href="([^"]+)"', page)}
    assert folders == {f"{folder}/report.html" for folder in several()}
    assert order(page, "Plans and boards", "Failures: the product", "Faults of the rig: nothing", "Not enough evidence:",
                 "Interrupted:", "Skipped:", "Not begun:", "All cases", "The run")  # fmt: skip


def test_no_verdict_on_the_page_is_told_by_colour_alone() -> None:
    marks = re.findall(r'<strong class="mark (\w+)">(.*?)</strong>', index_page().decode())
    assert {verdict for verdict, _ in marks} == {"pass", "fail", "error", "inconclusive"}
    for verdict, inside in marks:
        assert verdict in inside
        assert re.search(r"[✓✗!?]", inside)


def test_what_an_earlier_command_left_is_told_with_its_day() -> None:
    old = named(make_run().record, "digits", BOARDS[0])
    new = named(make_run().record, "digits", BOARDS[1]).model_copy(update={"finished": COMMAND.started + timedelta(1)})
    command = COMMAND.model_copy(update={"started": old.finished + timedelta(seconds=1)})
    records = {r.case_id: r for r in (old, new)}
    run = run_of(records, command=command, earlier=(COMMAND,))
    assert [entry.earlier for entry in run.entries] == [True, False]
    assert "✅ pass (earlier) | ✅ pass |" in rendered("summary", run, records)
    assert "(earlier)" in rendered("index", run, records)
    assert rendered("junit", run, records).count("of an earlier command, 2026-03-14T09:27:01") == 1


#: Text as it comes from outside: file names, messages, markup.
ODD = st.text(max_size=40) | st.sampled_from(["<img src=x>", "a|b`c", "]]>", "\ud800", "\x1b[31m", ".."])


@settings(max_examples=40, deadline=None)
@given(ODD, ODD, ODD, st.lists(ODD, max_size=3))
def test_every_form_takes_whatever_is_in_a_name_or_a_reason(
    plan: str, model: str, reason: str, words: list[str]
) -> None:
    record = named(broken_rig(), plan, "b", model).model_copy(update={"reasons": (reason,)}).plain()
    record = record.model_copy(update={"verdict": Verdict.FAIL})
    run = run_of(
        {"p/b/m": record},
        command=COMMAND.model_copy(update={"words": tuple(map(runrecord.printable, words))}),
        interrupted=(Interrupted(id=runrecord.printable(plan), folder="x", answered=0),),
        skipped=(Skipped(id=runrecord.printable(model), reason=runrecord.printable(reason)),),
    )
    for name in runreports.names():
        content = runreports.load(name).render(run, {"p/b/m": record})
        text = content.decode("utf-8")
        assert "\x1b" not in text
        if name == "junit":
            checked(content)
        if name in ("index", "summary"):
            assert "<img" not in re.sub(r"`[^`]*`", "", text).replace("\\<img", "")  # between backticks it is no markup


def test_what_was_written_is_read_again(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "run.json").write_bytes(whole().render())
    assert runrecord.read(tmp_path) == whole()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "hil.run/9"}', '{"schema": "hil.run/1"}', "\ud800"])
def test_what_is_no_record_of_a_run_is_refused_in_words(content, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "run.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(MisuseError, match=r"run"):
        runrecord.read(tmp_path)


def test_a_command_line_is_kept_without_its_secrets() -> None:
    words = ["pytest", "--board", "b", "--api-key", "s3cret", "--token=s3cret", "--url", "https://me:s3cret@host/x",
             "-n", "2", "--password", "s3cret", "--passwordless", "--x=1", "PASSWORD=s3cret"]  # fmt: skip
    shown = runrecord.without_secrets(words)
    assert "s3cret" not in " ".join(shown)
    assert len(shown) == len(words)
    assert [word for word in shown if word in words] == [
        "pytest", "--board", "b", "--api-key", "--url", "-n", "2", "--password", "--passwordless", "--x=1"
    ]  # fmt: skip
    assert "https://***@host/x" in shown

"""The reports of a comparison: what changed, the samples on which it shows, and nothing that breaks them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evidence_runs import Run, make_run
from junit_rules import checked, outcomes
from swapped_runs import Both, decided_otherwise, held, other_model, several, swapped, unchanged, without_decisions

from harness.errors import MisuseError
from harness.evidence import comparison
from harness.evidence.comparison import html, json_, junit, markdown, terminal
from harness.evidence.comparison.compared import compared as together
from harness.records import UnitFacts, Verdict

jsonschema = pytest.importorskip("jsonschema", reason="pip install hil[dev]")

KINDS = {make.__name__: make for make in (swapped, several, unchanged, without_decisions)}


@pytest.fixture(params=KINDS)
def made(request) -> Both:
    return KINDS[request.param]()


def hostile() -> Both:
    """Names that would be markup, lines of their own or commands to a terminal."""
    run = make_run()
    names = ('<script src="//x">', "a|b`c", "]]>\x1b[31m", "*b*", "c\nd", *"fghij")
    data = run.record.dataset.model_copy(update={"classes": names})
    two = [int((run.samples.labels == label).argmax()) for label in (0, 1)]
    samples = decided_otherwise(run.samples, two, 2)
    return held(
        Run(run.record.model_copy(update={"dataset": data}), run.samples, run.dataset),
        Run(other_model(run.record.model_copy(update={"dataset": data})), samples, run.dataset),
    )


def test_every_form_says_the_verdict_and_is_a_file_of_its_own(made):
    forms = [comparison.load(name) for name in comparison.names()]
    assert len({form.FILENAME for form in forms}) == len(forms) == 4
    assert forms[-1] is json_, "where compare.json is new, all are"
    for form in forms:
        if form is not junit:  # whose verdicts are of each case
            assert made[0].verdict.value in form.render(*made).decode().lower()
    assert made[0].verdict.value.upper() in terminal.render_text(*made)


def test_what_changed_is_said_before_the_verdict_and_the_verdict_before_the_figures():
    compared, shown = swapped()
    for text in (terminal.render_text(compared, shown), html.render(compared, shown).decode().partition("<main>")[2]):
        assert text.index("c0dec0de") < text.index("beefbeef") < text.lower().index("fail") < text.index("flash_bytes")
    text = markdown.render(compared, shown).decode()
    assert text.index("**Changed:** the model") < text.index("Margin") < text.index("Lost (60)")


def test_several_changes_are_warned_of_before_the_figures():
    run = make_run()
    other = other_model(run.record)
    firmware = other.firmware.model_copy(update={"engine": "tflm 1.0"})
    both = held(run, Run(other.model_copy(update={"firmware": firmware}), run.samples, run.dataset))
    text = terminal.render_text(*both)
    assert text.index("warning: 2 things changed at once (model, engine)") < text.index("PASS")
    assert "2 things changed at once" in markdown.render(*both).decode()
    assert "2 things changed at once" in html.render(*both).decode()


def test_half_a_percent_of_cycles_is_told_with_its_interval_and_only_on_one_unit():
    run = make_run("hardware")
    slower = replace(run.samples, cycles=(run.samples.cycles * 1.005).astype(np.uint64))
    text = terminal.render_text(*held(run, Run(other_model(run.record), slower, run.dataset)), width=140)
    assert re.search(r"cycles.p50 .*\(\+0\.500 %\) +\+0\.\d{3} to \+0\.\d{3} %", text)
    elsewhere = run.record.model_copy(update={"unit": UnitFacts(uid="another")})
    text = terminal.render_text(*held(run, Run(elsewhere, slower, run.dataset)), width=140)
    assert re.search(r"cycles.p50 .*\(\+0\.500 %\) *$", text, re.MULTILINE), "no interval"
    assert "the runs are from two units" in text


def test_an_emulator_against_hardware_has_no_times_and_says_why():
    hardware = make_run("hardware")
    text = terminal.render_text(*held(make_run(), hardware), width=140)
    assert "cycles.p50" not in text
    assert "instructions.p50" not in text
    assert "time on hardware and instructions of an emulator are two things" in text
    assert re.search(r"the unit +an emulated one →", text)


def test_flips_both_ways_are_drawn_with_label_id_and_both_outputs():
    compared, shown = swapped()
    text = html.render(compared, shown).decode()
    (case,) = compared.cases
    assert {flip.kind for flip in case.flips} == {"lost", "gained", "changed_wrong"}
    drawn = [flip for flip in case.flips if f'alt="Input of {flip.id}"' in text]
    assert len(drawn) == 24 + sum(flip.kind != "lost" for flip in case.flips)
    assert "And 36 more" in text
    lost = next(flip for flip in case.flips if flip.kind == "lost")
    table = text[text.index(f"Outputs of both for {lost.id}") :].partition("</table>")[0]
    outputs = {
        name: both for name, *both in re.findall(r'row">(\w+)</th><td[^>]*>([^<]+)</td><td[^>]*>([^<]+)<', table)
    }
    before, after = (
        side.samples.outputs[row]
        for side, row in ((shown[0].baseline, lost.baseline_row), (shown[0].candidate, lost.candidate_row))
    )
    for index in (lost.before, lost.after):
        assert outputs[str(index)] == [f"{before[index]:.3g}", f"{after[index]:.3g}"]
    whole = html.render(compared, [comparison.Shown(shown[0].baseline, shown[0].candidate, shown[0].pictures, True)])
    assert all(f'alt="Input of {flip.id}"' in whole.decode() for flip in case.flips)


def test_without_the_data_the_reports_say_why_there_are_no_pictures():
    text = html.render(*swapped(pictures=False)).decode()
    assert "<img" not in text
    assert "Without pictures of the samples: no plan" in text


def test_the_page_is_one_file_that_loads_nothing_and_no_name_becomes_markup(made):
    for both in (made, hostile()):
        text = html.render(*both).decode()
        assert not re.search(r"<(script|link|iframe|object)\b|@import|url\((?!#)", text)
        assert set(re.findall(r'(?:src|href)="(?!data:image/png;base64,|#case-)([^"]*)"', text)) == set()
    assert "&lt;script" in text


def test_hostile_names_break_no_table_and_drive_no_terminal():
    both = hostile()
    rows = [line for line in markdown.render(*both).decode().splitlines() if line.startswith("| digits-")]
    assert len(rows) == 2
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
    assert "\x1b" not in terminal.render_text(*both)
    checked(junit.render(*both))


def test_a_comment_of_thousands_of_flips_and_a_hundred_cases_fits_a_pull_request():
    compared, shown = swapped(400)
    assert len(markdown.render(compared, shown)) < 10_000
    many = compared.model_copy(update={"cases": compared.cases * 100})
    text = markdown.render(many, shown * 100).decode()
    assert len(text.encode()) < 65_000
    assert "and 92 more cases in full" in text


def test_junit_keeps_the_strictest_rules_and_a_candidate_that_is_worse_is_a_failure(made):
    tags = {element.tag for element in checked(junit.render(*made)).iter()}
    assert ("failure" in tags) == (made[0].verdict == "fail")
    assert ("error" in tags) == bool(made[0].refused)


def test_one_case_on_two_units_has_two_names_in_junit():
    compared, shown = swapped()
    twice = compared.model_copy(update={"cases": compared.cases * 2})
    tests = [*checked(junit.render(twice, shown * 2)).iter("testcase")]
    assert len({(test.get("classname"), test.get("name")) for test in tests}) == len(tests) == 4


def test_an_undecided_margin_is_skipped_in_junit():
    compared, shown = swapped(0, gained=False)
    few = compared.cases[0].checks[0].model_copy(update={"passed": None, "reason": "too few"})
    case = compared.cases[0].model_copy(
        update={"checks": (few,), "verdict": Verdict.INCONCLUSIVE, "reasons": ("too few",)}
    )
    found = outcomes(checked(junit.render(compared.model_copy(update={"cases": (case,)}), shown)))
    assert [*found.values()] == ["passed", "skipped"]


def test_compare_json_is_read_back_and_keeps_its_schema(made, tmp_path: Path):
    content = json_.render(*made)
    (tmp_path / json_.FILENAME).write_bytes(content)
    assert json_.read_compared(tmp_path) == made[0]
    jsonschema.Draft202012Validator.check_schema(json_.json_schema())
    validator = jsonschema.Draft202012Validator(json_.json_schema())
    document = json.loads(content)
    assert validator.is_valid(document)
    del document["verdict"]
    assert not validator.is_valid(document)


def test_a_comparison_of_another_version_is_refused(tmp_path: Path):
    content = json.loads(json_.render(*unchanged())) | {"schema": "hil.compared/2"}
    (tmp_path / json_.FILENAME).write_text(json.dumps(content))
    with pytest.raises(MisuseError, match="not one that this version reads") as refused:
        json_.read_compared(tmp_path)
    assert refused.value.found == "hil.compared/2"


def test_of_several_cases_the_worst_speaks_and_what_was_not_compared_is_told():
    compared, shown = several()
    assert compared.verdict == "fail"
    for text in (terminal.render_text(compared, shown), markdown.render(compared, shown).decode()):
        flat = text.replace("\\", "")
        assert "keywords/b/net: the two runs are not of the same data" in flat
        assert "vowels/b/net" in flat
    passing = together("a", "b", unchanged()[0].cases, compared.refused)
    assert passing.verdict == "inconclusive", "a refused case keeps the others from passing for it"

"""A case that was spread over several units: each one's part, in every report for people."""

import numpy as np
import pytest
from evidence_runs import make_run

from harness.evidence.reports import html, json_, junit, markdown, terminal
from harness.records import Record, UnitFacts, UnitShare


def share(run, uid, answered, **known):
    return UnitShare(unit=UnitFacts(uid=uid), answered=answered, link=run.record.link, **known)


def spread(evidence="emulated"):
    run = make_run(evidence)
    shares = (
        share(run, "rack-1", 1204, compared=16, timed=25, instructions=217_124.0, own_s=1.25),
        share(run, "rack-2", 31, fault="the line to the unit is gone\n  where: /dev/ttyX"),
        share(run, "rack-3", 7, trusted=False, unlike=3),
    )
    return type(run)(run.record.model_copy(update={"units": shares}), run.samples, run.dataset)


def told(run):
    return {
        "terminal": terminal.render_text(run.record, width=300),
        "markdown": markdown.render(*run.parts).decode().replace("\\", ""),
        "html": html.render(*run.parts).decode(),
    }


@pytest.mark.parametrize("name", ["terminal", "markdown", "html"])
def test_every_report_shows_each_units_part_and_what_became_of_it(name):
    text = told(spread())[name]
    for part in (
        "1,242 samples over 3 units",
        "rack-1",
        "1,204",
        "217,124",
        "1.25 s",
        "lost: the line to the unit is gone where: /dev/ttyX",
        "computes otherwise than the others",
    ):
        assert part in text, part


@pytest.mark.parametrize("name", ["terminal", "markdown", "html"])
def test_a_case_on_one_unit_has_no_such_table(name):
    assert "over 0 units" not in told(make_run())[name]
    assert "samples over" not in told(make_run())[name]


@pytest.mark.parametrize(("evidence", "title"), [("emulated", "instructions, median"), ("hardware", "cycles, median")])
def test_an_emulators_column_is_instructions_and_never_cycles(evidence, title):
    assert title in told(spread(evidence))["markdown"]


def test_the_record_keeps_them_and_junit_names_them_all():
    record = spread().record
    assert Record.model_validate_json(json_.render(record, None, None)) == record
    assert b"rack-1, rack-2, rack-3" in junit.render(record, None, None)


def test_a_record_of_before_has_none():
    run = make_run()
    assert run.record.units == ()
    assert run.samples.units is None
    assert not np.any([name == "units" for name, array in vars(run.samples).items() if array is not None])

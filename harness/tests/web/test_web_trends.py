"""Trends and sparklines: what is drawn, what is read out of it, and that many runs stay readable."""

import math
import re
from xml.etree import ElementTree

import httpx
import pytest
from history_runs import a_record
from web_site import served

from harness.evidence.history import History
from harness.records import UnitFacts, Verdict
from harness.web import charts
from harness.web.charts import Shown


def shown(values, verdict="pass", width=0.01):
    return [Shown(v, v - width, v + width, f"2026-03-{1 + i % 28:02d}", verdict) for i, v in enumerate(values)]


def drawn(svg):
    """The picture, as a reader of XML has it: nothing may break it."""
    return ElementTree.fromstring(str(svg))


def texts(svg):
    return [element.text for element in drawn(svg).iter() if element.text]


def curves(svg, dashed):
    return [
        e for e in drawn(svg).iter() if e.tag.endswith("path") and (e.get("stroke-dasharray") is not None) == dashed
    ]


def test_gate_and_changes_are_drawn_and_named():
    svg = charts.trend(shown([0.9] * 6 + [0.8] * 6), "accuracy", "ratio", gates=[(">=", 0.85)], changes=[6])
    assert "gate >= 85.00 %" in texts(svg)
    assert "change 1" in texts(svg)
    assert len(curves(svg, dashed=True)) == 2
    assert "From 90.00 % on 2026-03-01 to 80.00 % on 2026-03-12." in texts(svg)


def test_a_gate_far_away_is_in_sight():
    svg = charts.trend(shown([0.9, 0.91]), "accuracy", "ratio", gates=[(">=", 0.2)])
    heights = [float(y) for e in curves(svg, dashed=True) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", e.get("d"))]
    assert heights
    assert all(0 < y < 260 for y in heights)


@pytest.mark.parametrize(
    "values", [[0.9], [0.0, 0.0], [1e12, 1e12 + 1], [-5.0, 5.0], [1e-9] * 3, [0.9, math.nan, math.inf, 0.8]]
)
def test_any_values_make_a_picture(values):
    svg = charts.trend(shown(values), "m", "1")
    assert "nan" not in str(svg)
    assert drawn(svg).get("aria-label") == f"m over {sum(map(math.isfinite, values))} runs"


def test_without_a_number_there_is_no_picture():
    assert charts.trend([], "m", "1") == charts.trend(shown([math.nan]), "m", "1") == ""
    assert charts.sparkline([], "x") == charts.sparkline([0.9], "x") == charts.sparkline([math.nan] * 3, "x") == ""


def test_a_run_that_failed_is_marked_by_its_form_among_thousands():
    runs = shown([0.9] * 5000)
    plain = len(curves(charts.trend(runs, "m", "ratio"), dashed=False))
    runs[2500] = Shown(0.7, 0.69, 0.71, "2026-03-01", "fail")
    assert len(curves(charts.trend(runs, "m", "ratio"), dashed=False)) == plain + 2, "a cross is two strokes"
    assert len(charts.trend(runs, "m", "ratio")) < 30_000


def test_names_are_text():
    svg = charts.trend(shown([0.9, 0.8]), '<b>&"', "<u>")
    assert drawn(svg).get("aria-label") == '<b>&" over 2 runs'
    assert drawn(charts.sparkline([1, 2], '"><script>')).get("aria-label") == '"><script>'


def test_a_flat_line_lies_in_the_middle():
    path = next(e for e in drawn(charts.sparkline([0.9] * 4, "x")).iter() if e.tag.endswith("path"))
    assert set(re.findall(r"[ML][\d.]+ ([\d.]+)", path.get("d"))) == {"10.0"}


@pytest.fixture(scope="module")
def url(tmp_path_factory, near_settings):
    """40 nights of three units: all lose two points in the middle, one slips away, and one case fails now and then."""
    with History.open(f"sqlite:///{tmp_path_factory.mktemp('trend')}/h.db") as history:
        for night in range(40):
            for at, unit in enumerate(("unit-a", "unit-b", "unit-c")):
                wobble = 0.001 * ((night * 7 + at * 3) % 5 - 2)
                accuracy = 0.95 - 0.02 * (night >= 20) + wobble - 0.0005 * night * (unit == "unit-c")
                bad = Verdict.FAIL if unit == "unit-b" and night % 10 == 5 else Verdict.PASS
                number = 3 * night + at
                record = a_record(
                    number, accuracy=accuracy, hours=24 * night + at, unit=UnitFacts(uid=unit), verdict=bad
                )
                history.add(record, None, session=f"night-{night}")
        with served(history, near_settings) as address:
            yield address


def test_what_is_read_out_of_a_trend_is_said_in_words_and_leads_to_its_run(url):
    text = httpx.get(f"{url}/trends").text
    assert re.search(
        r"<b>Change 1</b>: 9\d\.\d\d % before, 9\d\.\d\d % since <a href=\"/runs/00003[abcdef0-9]abcdef\">", text
    )
    assert "change 1" in text
    assert re.search(r"<b>Drift</b>: unit <a [^>]*unit=unit-c", text)
    assert re.search(r"moves away from the others: -\d\.\d\d points in 40 runs", text)
    assert "<b>Flaky</b>" in text
    assert "of 120 runs of one firmware and data" in text


def test_one_unit_by_itself_drifts_from_nobody(url):
    text = httpx.get(f"{url}/trends", params={"unit": "unit-a"}).text
    assert "40 runs" in text
    assert "<b>Drift</b>" not in text

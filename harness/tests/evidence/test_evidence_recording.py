"""What the page draws of a recording: signal, spectrum, scores, events and detections on one axis of time."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from evidence_runs import Run, make_run

from harness.evidence.reports import _recording, html
from harness.playback import Beginning, Playback, Point, Span
from harness.records import Samples


def playback(hops: int, **changed: object) -> Playback:
    facts = {
        "front_end": "micro",
        "tables_sha256": "ab" * 32,
        "rule": "most of 3, again after 500 ms",
        "state": "kept",
        "speed": "fast",
        "recordings": 1,
        "hop_ms": 20.0,
        "hops": hops,
        "played_s": hops * 0.02,
        "channels": 1,
        "sample_hz": 16000,
        "network_hz": 50.0,
        "annotated": True,
        "truth": (
            Span(recording=0, start_s=1.0, end_s=2.0, name="yes", outcome="hit"),
            Span(recording=0, start_s=5.0, end_s=5.5, name="no", outcome="miss"),
        ),
        "detections": (
            Span(recording=0, start_s=1.5, end_s=1.5, name="yes", outcome="hit"),
            Span(recording=0, start_s=4.5, end_s=4.5, name="no", outcome="false_alarm"),
        ),
    }
    return Playback(**(facts | changed))  # type: ignore[arg-type]


def recorded(made: Playback, run: Run | None = None) -> tuple[Run, Samples]:
    """The digits' run with its samples taken for the hops of a recording, repeated as often as there are hops."""
    run = run or make_run()
    chosen = np.arange(made.hops) % len(run.samples.ids)
    arrays = {
        name: value[chosen]
        for name, value in vars(run.samples).items()
        if isinstance(value, np.ndarray) and name not in ("ids", "decisions", "scores")
    }
    samples = replace(
        run.samples, ids=np.array([f"hop-{i}" for i in range(made.hops)]), decisions=None, scores=None, **arrays
    )
    record = run.record.model_copy(update={"task": "detection", "playback": made, "confusion": ()})
    return Run(record, samples, run.dataset), samples


def sound(hops: int, instants: int = 320) -> np.ndarray:
    """Noise, with a tone of 1 kHz from 5 s on."""
    n = hops * instants
    t = np.arange(n) / 16000
    noise = np.random.default_rng(1).normal(0, 50, n)
    return (noise + 8000 * np.sin(2 * np.pi * 1000 * t) * (t >= 5)).astype(np.float32).reshape(hops, instants)


def dots(svg: str) -> list[float]:
    return [float(x) for x in re.findall(r'<circle cx="([0-9.]+)"', svg)]


def test_events_and_detections_lie_on_the_axis_of_the_signal():
    made, samples = recorded(playback(400))
    (svg,) = _recording.pictures(made.record, samples, sound(400), made.record.dataset.classes)
    left, right = (float(x) for x in re.findall(r'<image x="([0-9.]+)" y="[0-9.]+" width="([0-9.]+)"', svg)[0])
    right += left
    expected = [left + time / 8.0 * (right - left) for time in (1.5, 4.5)]
    assert np.allclose(dots(svg), expected, atol=0.1)
    spans = [float(x) for x in re.findall(r'<rect x="([0-9.]+)"', svg)]
    assert np.allclose(spans, [left + time / 8.0 * (right - left) for time in (1.0, 5.0)], atol=0.1)
    assert "2 events of which 1 were missed, 2 detections, 1 of them false" in svg


def test_a_reset_is_a_line_through_all_of_it():
    made, samples = recorded(playback(400, beginnings=(Beginning(recording=0, at_s=4.0, lost_ms=980.0),)))
    (svg,) = _recording.pictures(made.record, samples, sound(400), made.record.dataset.classes)
    assert len(re.findall(r'd="M([\d.]+) 4\.0L\1 [\d.]+" [^/]*stroke-dasharray', svg)) == 1
    page = html.render(made.record, samples, sound(400)).decode()
    assert "Begun anew" in page
    assert "980" in page


def test_the_page_is_said_in_words_too_and_lists_what_went_wrong():
    curve = tuple(Point(threshold=t, miss_rate=t, false_alarms_per_hour=100 * (1 - t)) for t in (0.1, 0.5, 0.9))
    made, samples = recorded(
        playback(400, curve=curve, divergence="first at 1.000 s of recording 0 (hop 50): features")
    )
    page = html.render(made.record, samples, sound(400)).decode()
    for said in (
        "one recording, 8.0 s in hops of 20 ms, as fast as the board took it; front end micro, states kept from hop to hop",
        "4.50 s",
        "false alarm",
        "5.00 s",
        "missed",
        "first at 1.000 s of recording 0 (hop 50): features",
        "Misses against false alarms over thresholds",
    ):
        assert said in page, said


def test_without_the_recording_the_scores_are_drawn_all_the_same_and_without_samples_nothing_is():
    made, samples = recorded(playback(400))
    (svg,) = _recording.pictures(made.record, samples, None, made.record.dataset.classes)
    assert "<image" not in svg
    assert "<circle" in svg
    assert _recording.pictures(made.record, None, None, ()) == []
    assert "What was played" in html.render(made.record, None, None).decode()


def test_a_long_recording_is_thinned():
    short, samples = recorded(playback(2_000))
    longer, many = recorded(playback(40_000))
    sizes = [
        len(html.render(made.record, part, sound(made.record.playback.hops, 16)))
        for made, part in ((short, samples), (longer, many))
    ]
    assert sizes[1] < 1.2 * sizes[0] < 600_000


def test_an_imu_has_two_kinds_of_axes_and_no_spectrum():
    made, samples = recorded(playback(100, channels=6, sample_hz=200, hop_ms=100.0))
    inputs = np.random.default_rng(2).normal(0, 100, (100, 20, 6)).astype(np.float32)
    (svg,) = _recording.pictures(made.record, samples, inputs, made.record.dataset.classes)
    assert "<image" not in svg
    assert "acceleration" in svg
    assert "turn rate" in svg


def test_each_colour_that_a_page_draws_with_is_in_its_style():
    reports = Path(html.__file__).parent
    style = (reports / "_templates" / "style.css.j2").read_text()
    for module in reports.rglob("*.py"):
        for name in re.findall(r"var\((--\w+)\)", module.read_text()):
            assert f"{name}:" in style, f"{module.name} draws with {name}"

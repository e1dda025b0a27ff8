"""report.html, summary.md and the terminal: by what they say, not byte for byte."""

from __future__ import annotations

import dataclasses
import html as htmllib
import itertools
import re
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from evidence_pages import PAGES
from evidence_runs import FLOATS, Run, broken_rig, differing, float_run, make_run
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.reports import html, json_, junit, markdown, terminal
from harness.evidence.reports._words import figure, folded, interval
from harness.findings import BaselineFacts, Explanation, PublishedFigure
from harness.records import FaultReport, GateResult, InputFacts, Measurement, Record, Samples, Verdict

VOID = {"meta", "img", "br", "link", "input", "hr", "path", "use", "rect", "wbr"}


class Page(HTMLParser):
    """What a page refers to, which tags it leaves open, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.words = ""
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "wbr":
            self.words = self.words.removesuffix(" ")  # a place to break a line, no space
        self.links += [
            value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "srcset", "action")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words += data + " "


def page(record: Record, samples: Samples | None = None, inputs: np.ndarray | None = None) -> Page:
    return Page(html.render(record, samples, inputs).decode())


def test_the_page_is_one_file_that_loads_nothing(run: Run) -> None:
    text = html.render(*run.parts).decode()
    got = Page(text)
    assert [link for link in got.links if not link.startswith(("data:image/png;base64,", "#"))] == []
    assert not {"script", "link", "iframe", "object"} & got.tags
    assert not re.search(r"@import|url\((?!#)", text)
    assert (got.open, got.crossed) == ([], [])


def test_the_page_says_verdict_figures_gates_and_identities(run: Run) -> None:
    words = page(*run.parts).words
    for said in (
        "pass",
        "digits/nucleo_f446re/digits_cnn_int8",
        "virtual board: no cycles, no latency",
        "96.44 %",
        "94.30 to 97.80 %",
        "agreement == 1",
        "5f3a" * 16,
        "c0de" * 16,
        run.dataset.sha256,
        "115,200",
        "litert",
        "virtual-nucleo_f446re-0",
        "Instructions per sample",
    ):
        assert said in words, said


def test_only_an_emulator_is_called_one_and_only_hardware_shows_latency() -> None:
    emulated, hardware = (page(*make_run(evidence).parts).words for evidence in ("emulated", "hardware"))
    assert "no latency" in emulated
    assert "latency_us" not in emulated
    assert "no latency" not in hardware
    assert "latency_us.p99" in hardware
    assert "nstructions" not in hardware


def test_a_failed_run_shows_the_samples_to_look_at_worst_first() -> None:
    bad = make_run(damage=differing)
    got = page(*bad.parts)
    places = [
        got.words.index(text)
        for text in ("digits-1357", "engine error", "input damaged", "differs from", "wrong class")
    ]
    assert places == sorted(places)
    assert "446 of 450 samples" in got.words
    assert sum(link.startswith("data:image/png") for link in got.links) > 5


def test_without_inputs_the_samples_are_a_table(run: Run) -> None:
    got = page(run.record, run.samples)
    assert not got.links or all(link.startswith("#") for link in got.links)
    assert "wrong class" in got.words


def test_a_page_of_a_broken_rig_has_no_figures_and_no_plots() -> None:
    got = page(broken_rig())
    assert "probe not found" in got.words
    assert "svg" not in got.tags
    assert (got.open, got.crossed) == ([], [])


def test_text_from_outside_is_text_and_never_markup(run: Run) -> None:
    evil = "<script>alert(1)</script>"
    record = run.record.model_copy(update={"reasons": (evil,), "warnings": (evil,), "host": evil, "case_id": evil})
    text = html.render(record, run.samples, None).decode()
    assert evil not in text
    assert htmllib.escape(evil) in text


def test_class_names_cannot_break_out_of_a_plot(run: Run) -> None:
    names = ("</svg><script>", "$\\frac$", "&amp;", "a b", "日本", *"56789")
    dataset = run.record.dataset
    assert dataset is not None
    record = run.record.model_copy(update={"dataset": dataset.model_copy(update={"classes": names})})
    got = page(record, run.samples)
    assert "script" not in got.tags
    assert got.words.count("$\\frac$") >= 3  # both axes and the table


def test_a_fault_is_told_with_its_place(run: Run) -> None:
    fault = FaultReport(
        pc=0x08001234, lr=0x08000421, sp=0x2001FF00, psr=0x61000003, cfsr=0x8200, hfsr=0x40000000, bfar=0xE0000000,
        mmfar=0, symbols=("conv2d+0x12 (kernels.c:88)",), sample=17,
    )  # fmt: skip
    record = run.record.model_copy(update={"verdict": Verdict.FAIL, "fault": fault})
    for text in (page(record).words, terminal.render_text(record), markdown.render(record, None, None).decode()):
        assert "0x08001234" in text
        assert "conv2d+0x12" in text.replace("\\", "")


def test_plots_stand_float_outputs_infinities_and_constant_counts(run: Run) -> None:
    n = len(run.samples.ids)
    reference = np.linspace(0, 1, n * 10, dtype=np.float32).reshape(n, 10)
    outputs = reference.copy()
    outputs[0, 0], outputs[1, 1], outputs[2, 2] = np.nan, np.inf, outputs[2, 2] + np.float32(1e-5)
    cycles = np.full(n, 5000, dtype=np.uint64)
    got = page(run.record, dataclasses.replace(run.samples, outputs=outputs, reference=reference, cycles=cycles))
    assert "not finite" in got.words
    assert "1e-" in got.words
    assert "Every sample took the same: 5,000 instructions" in got.words


def test_the_summary_has_verdict_gates_figures_and_the_banner(run: Run) -> None:
    text = markdown.render(*run.parts).decode()
    assert text.startswith("## ")
    assert "PASS" in text.splitlines()[0]
    assert "virtual board: no cycles, no latency" in text
    assert "| `agreement == 1` | 100.00 % | pass |" in text
    assert "| accuracy | 96.44 % | 94.30 to 97.80 % | 450 |" in text


def test_a_reason_cannot_break_the_summarys_markup() -> None:
    record = broken_rig().model_copy(update={"reasons": ("a|b\n# title <img src=x>`",)})
    text = markdown.render(record, None, None).decode()
    assert "a\\|b \\# title \\<img src=x\\>\\`" in text


def test_the_terminal_shows_what_the_issue_asks_for(run: Run) -> None:
    text = terminal.render_text(run.record, width=120)
    for said in (
        "PASS", "virtual board: no cycles, no latency", "accuracy", "96.44 %", "agreement", "28,412 B",
        "14,336 B", "0 bad frames", "0 resent", "lost_samples",
    ):  # fmt: skip
        assert said in text, said
    assert "1/s" not in text, "no time of an emulator"
    assert "\x1b" not in text


def test_square_brackets_in_a_reason_are_not_eaten_as_colours() -> None:
    record = broken_rig().model_copy(update={"reasons": ("port [red]busy[/red]",)})
    assert "[red]busy[/red]" in terminal.render_text(record)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "ratio", "100.00 %"),
        (0.999999, "ratio", "> 99.99 %"),
        (1e-9, "ratio", "< 0.01 %"),
        (0.0, "ratio", "0.00 %"),
        (28412, "B", "28,412 B"),
        (0.00012346, "1", "0.0001235"),
        (0.99998885, "1", "0.99999"),
        (1 - 2**-53, "1", "0.9999999999999999"),
        (1.0000001, "1", "1.0000001"),
        (1.0, "1", "1"),
        (float("inf"), "1", "infinite"),
        (float("nan"), "1", "not a number"),
    ],
)
def test_figures_are_never_rounded_to_perfect(value: float, unit: str, text: str) -> None:
    assert figure(value, unit) == text


def test_an_open_end_of_an_interval_is_a_question_mark() -> None:
    assert interval(Measurement(name="p99", value=5, unit="us", n=9, low=4, high=None)) == "4 to ?"
    assert interval(Measurement(name="p", value=0.5, unit="ratio", n=9, low=0.25, high=0.75)) == "25.00 to 75.00 %"
    assert interval(Measurement(name="p", value=0.5, unit="ratio", n=9)) == ""


def test_a_record_of_before_emulators_said_their_words_is_still_told_as_emulated() -> None:
    old = make_run().record.model_copy(update={"backend": "sixth", "caveat": ""})
    assert "sixth, emulated: no cycles, no latency" in markdown.render(old, None, None).decode()


FILLED = InputFacts(
    at_rail=0.5884, clipped=0.0312, distinct=17, span=1.0, low=0.0, high=1.0, takes_low=0.0, takes_high=1.0
)
FOUND = Explanation(mistake="the axes swapped", before=0.09, after=0.953, n=300, tried=26)


def every_report(record: Record) -> dict[str, str]:
    """What each form says, its own escapes taken away."""
    return {
        "report.html": " ".join(page(record).words.split()),
        "summary.md": markdown.render(record, None, None).decode().replace("\\", ""),
        "junit.xml": htmllib.unescape(junit.render(record, None, None).decode()),
        "record.json": json_.render(record, None, None).decode(),
        "terminal": " ".join(terminal.render_text(record, width=300).split()),
    }


def test_a_shortened_run_is_called_one_in_every_report_and_a_whole_one_in_none(run: Run) -> None:
    assert run.record.dataset is not None
    for planned, said in ((2000, True), (450, False), (None, False)):
        dataset = run.record.dataset.model_copy(update={"planned": planned})
        for name, text in every_report(run.record.model_copy(update={"dataset": dataset})).items():
            if name == "record.json":
                assert f'"planned": {planned or "null"}' in text
            else:
                assert ("hortened by --samples: 450 of 2,000 samples" in text) is said, name


def test_warnings_are_in_every_report(run: Run) -> None:
    record = run.record.model_copy(update={"warnings": ("every one of 450 samples gave the same outputs",)})
    for name, text in every_report(record).items():
        assert "every one of 450 samples gave the same outputs" in text, name


def test_how_the_inputs_fill_the_range_is_in_every_report(run: Run) -> None:
    for name, text in every_report(run.record.model_copy(update={"inputs": FILLED})).items():
        if name == "record.json":
            assert '"clipped": 0.0312' in text
        elif name == "junit.xml":
            assert {"[[PROPERTY|inputs.clipped=0.0312]]", "[[PROPERTY|inputs.distinct=17]]"} <= set(
                re.split(r"\s+|>|<", text)
            )
        else:
            assert "58.84 % at an end of the range, 3.12 % clipped, 17 distinct values" in text, name


def test_what_explains_the_labels_is_in_every_report(run: Run) -> None:
    for name, text in every_report(run.record.model_copy(update={"explanation": FOUND})).items():
        said = '"mistake": "the axes swapped"' if name == "record.json" else "with the axes swapped it scores 95.3%"
        assert said in text, name


def test_a_gate_with_confidence_is_named_as_in_the_plan(run: Run) -> None:
    gate = run.record.gates[0].model_copy(update={"confidence": 0.95})
    for name, text in every_report(run.record.model_copy(update={"gates": (gate,)})).items():
        assert ('"confidence": 0.95' if name == "record.json" else "accuracy >= 0.95 confidence 0.95") in text, name


def test_a_gate_against_a_baseline_is_told_with_what_it_was_held_against(run: Run) -> None:
    gate = GateResult(
        metric="cycles.p50 rise", op="<=", limit=0.5, value=0.7, passed=False, confidence=0.95, unit="%", severity="warn",
        baseline="release-1.4", low=0.6, high=0.8, reason="cycles.p50 rise 0.7 %",
    )  # fmt: skip
    held = BaselineFacts(
        name="Release-1.4", run_id="aaaa1", case_id="digits/b/m", started=run.record.started, unit="u1", evidence="hardware",
        model_sha256="m", elf_sha256="e", n=450, changes=("model", "compiler"),
    )  # fmt: skip
    record = run.record.model_copy(update={"gates": (gate,), "baseline": held})
    for name, text in every_report(record).items():
        if name == "record.json":
            continue
        said = " ".join(text.split())
        assert "held against Release-1.4: run aaaa1, 2026-03-14, 450 samples; changed: model, compiler" in said, name
        assert "cycles.p50 rise <= 0.5 %" in said, name
        assert ("only warns" if name == "junit.xml" else "warning") in said, name


def test_a_float_models_reports_begin_with_what_floats_promise_and_never_with_equal_bytes() -> None:
    run = float_run()
    assert run.record.verdict == "pass"
    agreement = run.record.measurement("agreement")
    assert agreement is not None
    assert agreement.value < 0.75, "the case that this is about"
    for name, text in every_report(run.record).items():
        if name != "record.json":
            figures = text[text.index("PROPERTY|elf") :] if name == "junit.xml" else text
            assert 0 <= figures.find("max_abs_diff") < figures.find("decision_agreement"), name
            assert figures.find("decision_agreement") < (figures + " agreement").find(" agreement"), name
    assert "70.00 %" not in terminal.render_text(run.record) + markdown.render(run.record, None, None).decode()
    assert "agreement (equal bytes: not promised for float32)" in " ".join(page(*run.parts).words.split())


def test_agreement_of_floats_that_a_gate_asks_for_is_a_headline() -> None:
    record = float_run().record
    asked = record.gates[0].model_copy(update={"metric": "agreement", "passed": False})
    assert "70.00 %" in terminal.render_text(record.model_copy(update={"gates": (asked,)}))


def test_floats_within_what_the_plan_allows_are_no_samples_to_look_at() -> None:
    def one_far(samples: Samples) -> Samples:
        outputs = samples.outputs.copy()
        outputs[::3, 0] += np.float32(7e-9)
        outputs[4, 1] += np.float32(1e-3)
        return dataclasses.replace(samples, outputs=outputs)

    near, far = float_run(), make_run(damage=one_far, output=FLOATS)
    assert "differs from the reference" not in page(*near.parts).words
    assert "✗" not in svg_of(near, "Differences to the reference")
    assert page(*far.parts).words.count("differs from the reference") == 1
    assert svg_of(far, "Differences to the reference").count("✗") == 1


def svg_of(run: Run, label: str) -> str:
    text = html.render(*run.parts).decode()
    return text[text.index(f'<svg role="img" aria-label="{label}"') :].partition("</svg>")[0]


def test_what_went_wrong_on_the_line_is_told_near_the_top_and_nothing_when_nothing_did(run: Run) -> None:
    assert "On the line" not in page(*run.parts).words
    assert run.record.link is not None
    link = run.record.link.model_copy(update={"frames_bad": 3, "resent": 1, "revived": 1, "lost": 2})
    bad = run.record.model_copy(update={"link": link})
    words = page(bad, run.samples).words
    told = words[words.index("On the line") : words.index("Confusion")]
    moved = "45,210 B went out and 29,733 B came in at 115,200 baud"
    for said in ("the board or the host: 3", "sent again: 1", "through its probe: 1", moved, "--wire-log"):
        assert said in told, said
    assert "frames, seen by the board or the host: 3" in markdown.render(bad, None, None).decode()
    assert "port vanished" not in told


class Outline(HTMLParser):
    """What a reader of screens goes by: language, headings, tables with their captions and heads, pictures with their words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()
        self.headings: list[int] = []
        self.language = ""
        self.bare: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = dict(attrs)
        self.count[tag] += 1
        if tag == "html":
            self.language = got.get("lang") or ""
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if (tag == "th" and "scope" not in got) or (tag == "img" and not got.get("alt")):
            self.bare.append(f"{tag} {got}")
        if tag == "svg" and not (got.get("role") == "img" and got.get("aria-label")):
            self.bare.append(f"{tag} {got}")


@pytest.mark.parametrize("kind", ["pass", "float", "fail", "rig"])
def test_a_page_can_be_read_without_seeing_it(kind: str) -> None:
    made = {"pass": make_run, "float": float_run, "fail": lambda: make_run(damage=differing)}
    parts = (broken_rig(), None, None) if kind == "rig" else made[kind]().parts
    got = Outline(html.render(*parts).decode())
    assert got.language == "en"
    assert got.bare == []
    assert got.count["table"] == got.count["caption"] > 0
    assert got.count["svg"] == got.count["desc"] == got.count["title"] - 1
    assert got.headings[0] == 1
    assert got.headings.count(1) == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(got.headings))


def test_no_outcome_is_told_by_colour_alone() -> None:
    text = html.render(*make_run(damage=differing).parts).decode()
    for verdict, sign in (("pass", "✓"), ("fail", "✗")):
        assert f'<strong class="mark {verdict}"><span aria-hidden="true">{sign}</span> {verdict}</strong>' in text


def test_of_many_classes_the_weakest_are_shown_and_the_others_are_folded_up(run: Run) -> None:
    text = PAGES["hundred_classes"]().decode()
    first, _, folded = text.partition("<details>")
    weakest = first[first.rindex("The classes that were found least often") :]
    assert weakest.count("<tr") == 11
    assert folded.partition("</details>")[0].count("<tr") == 101
    shares = [float(share) for share in re.findall(r'data-label="Recall" class="number">([0-9.]+) %', weakest)]
    everyone = [float(share) for share in re.findall(r'data-label="Recall" class="number">([0-9.]+) %', folded)]
    assert shares == sorted(everyone)[:10]
    assert "<details>" not in html.render(*run.parts).decode()


def test_a_figure_of_a_class_stands_in_one_table(run: Run) -> None:
    text = html.render(*run.parts).decode()
    assert "recall.3" not in text
    assert text.count('<th scope="row" role="rowheader">3</th>') == 1
    assert "recall.3" in html.render(
        run.record.model_copy(update={"dataset": None}), run.samples, None
    ).decode().replace("<wbr>", "")


def test_what_the_firmware_printed_is_shown_when_something_went_wrong_and_folded_up_when_not(run: Run) -> None:
    said = ("boot: 180 MHz", "<b>assert</b> `x | y` in conv2d")
    bad = broken_rig().model_copy(update={"console": said})
    for name, text in every_report(bad).items():
        if name != "junit.xml":
            assert all(line in text for line in said), name
    assert "<b>assert" not in html.render(bad, None, None).decode()
    assert "    <b>assert</b> `x | y` in conv2d" in markdown.render(bad, None, None).decode().splitlines()
    good = run.record.model_copy(update={"console": said})
    text = html.render(good, run.samples, None).decode()
    assert text.index("<details>") < text.index("boot: 180 MHz") < text.index("</details>")
    assert "boot" not in terminal.render_text(good) + markdown.render(good, None, None).decode()


def test_a_huge_reason_is_folded_up_and_nothing_of_it_is_lost() -> None:
    reason = "\n".join(f"line {index}" for index in range(50))
    text = html.render(broken_rig().model_copy(update={"reasons": (reason, "short", "w" * 3000)}), None, None).decode()
    shown = text.partition("<details>")[0]
    assert "line 11" in shown
    assert "line 12" not in shown
    assert "line 49" in text
    assert text.count("<details>") == 2
    assert text.count("w" * 100) == 30


@given(st.text(), st.integers(1, 5), st.integers(1, 50))
def test_what_is_folded_is_the_whole_text_less_a_line_feed(text: str, lines: int, characters: int) -> None:
    first, rest = folded(text, lines, characters)
    assert (first + rest).replace("\n", "") == text.replace("\n", "")
    assert len(first) <= characters or first == text
    assert first.count("\n") < lines


def test_what_was_published_stands_beside_what_was_measured_and_gates_nothing(run: Run) -> None:
    accuracy = run.record.measurement("accuracy")
    assert accuracy is not None
    figures = (
        PublishedFigure(metric="accuracy", value=0.985, unit="ratio", note="the original, 1000 images"),
        PublishedFigure(metric="wall_s", value=302, unit="s"),
    )
    record = run.record.model_copy(update={"published": figures, "evidence": "emulated", "backend": "virtual"})
    for text in (page(record).words, terminal.render_text(record), markdown.render(record, None, None).decode()):
        words = " ".join(text.split())
        assert "98.50 %" in words
        assert "302 s" in words
        assert "no time of an emulator" in words or "not measured" in words
    assert "published" not in page(run.record).words

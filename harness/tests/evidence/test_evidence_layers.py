"""The first divergent layer and the per-layer profile, in every report for people."""

import pytest
from evidence_runs import make_run, with_layers

from harness.evidence.reports import html, json_, markdown, terminal
from harness.records import Record


def told(run):
    """The reports for people, as text by name."""
    return {
        "terminal": terminal.render_text(run.record, width=300),
        "markdown": markdown.render(*run.parts).decode().replace("\\", ""),
        "html": html.render(*run.parts).decode(),
    }


def test_every_report_shows_where_the_first_divergent_layer_is_and_what_it_holds():
    for name, text in told(with_layers()).items():
        for part in ("digits-1348", "conv_2d_3", "CONV_2D", "[0, 1, 2, 7]", "-58", "-61", "13", "512"):
            assert part in text, (name, part)


def test_every_report_shows_each_layers_share_and_its_cost_per_mac():
    for name, text in told(with_layers()).items():
        for part in ("75.0%", "25.0%", "3.00", "4,000 instructions", "4x4x8", "equal"):
            assert part in text.replace("4,000 Instructions", "4,000 instructions"), (name, part)


@pytest.mark.parametrize(
    ("evidence", "unit", "other"), [("emulated", "instructions", "cycles"), ("hardware", "cycles", "instructions")]
)
def test_an_emulators_column_is_instructions_and_never_cycles(evidence, unit, other):
    rows = with_layers(evidence).record
    text = terminal.render_text(rows, width=300)
    table = text[text.index("layers of sample") :].split("warning")[0]
    assert unit in table
    assert other not in table


def test_the_page_has_a_bar_for_each_layer():
    text = html.render(*with_layers().parts).decode()
    assert 'aria-label="Instructions of each layer"' in text
    figure = text[text.index('aria-label="Instructions of each layer"') :]
    figure = figure[: figure.index("</svg>")]
    for part in ("conv_2d_0", "conv_2d_1", "conv_2d_2", "75.0%"):
        assert part in figure


def test_a_tensors_name_is_no_markup():
    text = html.render(*with_layers().parts).decode()
    assert "<Relu>" not in text
    assert "&lt;Relu&gt;" in text


def test_the_record_comes_back_from_its_file_as_it_was():
    run = with_layers()
    again = Record.model_validate_json(json_.render(*run.parts))
    assert again.divergence == run.record.divergence
    assert again.layers == run.record.layers


def test_a_run_without_either_says_nothing_of_layers():
    for text in told(make_run()).values():
        assert "divergent" not in text
        assert "layers of sample" not in text

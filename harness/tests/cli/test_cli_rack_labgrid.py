"""``hil rack export``: what it prints is what labgrid's commands read."""

import json

import jinja2
import pytest
import yaml

from harness.cli import main

BENCH = """
units:
  - {board: nucleo_f446re, uid: "066E", port: /dev/x, name: left, tags: [mic]}
  - {board: nucleo_f446re, uid: "066F", port: /dev/y, skip: it is worn}
"""


@pytest.fixture
def bench(tmp_path):
    path = tmp_path / "rack1.yaml"
    path.write_text(BENCH)
    return str(path)


def said(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    out = capsys.readouterr()
    return ended.value.code, out.out, out.err


def test_the_exporters_file_has_the_units_that_take_work(bench, capsys):
    status, out, _ = said(capsys, "rack", "export", "--bench", bench, "--host", "hil@rack1")
    assert status in (0, None)
    made = jinja2.Environment(line_statement_prefix="#", line_comment_prefix="##").from_string(out).render()
    assert yaml.safe_load(made) == {
        "left": {"HilUnit": {"board": "nucleo_f446re", "uid": "066E", "host": "hil@rack1", "tags": "mic"}}
    }


def test_the_commands_that_make_the_places_name_exporter_board_and_tags(bench, capsys):
    status, out, _ = said(capsys, "rack", "export", "--bench", bench, "--exporter", "rack1", "--places")
    assert status in (0, None)
    assert out.splitlines()[-1] == "place rack1-left rack1/left/HilUnit board=nucleo_f446re rack=rack1 mic=yes"


def test_a_host_that_ssh_would_take_for_an_option_is_refused(bench, capsys):
    status, out, err = said(capsys, "rack", "export", "--bench", bench, "--host", "-oProxyCommand=x")
    assert status not in (0, None)
    assert out == ""
    assert "names no host for ssh" in err


def test_reaping_without_labgrid_says_how_to_install_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HIL_LABGRID", str(tmp_path))
    status, out, err = said(capsys, "rack", "reap", "--bench", "labgrid://127.0.0.1:1/", "--json")
    assert status == 2
    assert "pip install 'labgrid" in json.dumps(out + err)

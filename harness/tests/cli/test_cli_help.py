"""What ``hil --help`` and its like say: an example each, types in words, how it ends; and what was probably meant."""

import re
import shlex
import subprocess
import sys

import pytest

from harness import exits
from harness.cli import main, shape


def tree():
    import importlib
    import pkgutil

    import harness.cli
    from harness.cli import app

    for module in pkgutil.iter_modules(harness.cli.__path__):
        if module.name.endswith("_commands"):
            importlib.import_module(f"harness.cli.{module.name}")
    return app.command()


COMMANDS = dict(shape.commands(tree()))
NAMES = [" ".join(path) for path in COMMANDS]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_an_example_that_it_takes(name, tmp_path, monkeypatch):
    import typer

    monkeypatch.chdir(tmp_path)
    (tmp_path / "fw.elf").write_text("")
    (tmp_path / "hil-reports" / "latest").mkdir(parents=True)
    line = shape.example(COMMANDS[tuple(name.split())])
    assert line is not None, f"hil {name} --help has no line '{shape.EXAMPLE}hil ...'"
    words = shlex.split(line)[1:]
    assert words[: len(name.split())] == name.split()
    command, context = COMMANDS[()], typer.Context(COMMANDS[()], info_name="hil")
    while hasattr(command, "commands"):
        _, command, words = command.resolve_command(context, words)
        context = typer.Context(command, parent=context, info_name=command.name)
    command.make_context(command.name, words, parent=context.parent)  # reads the words and runs nothing


@pytest.mark.parametrize("name", NAMES)
def test_no_help_speaks_of_pythons_types(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as end:
        main([*name.split(), "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    assert not re.search(
        r"<(bool|str|int|float|path|list)\b|\b(TEXT|INTEGER|BOOLEAN|PATH|FLOAT)\b|│ +-\S+ .* str  ", said
    )


def test_the_help_says_how_hil_ends_as_the_code_has_it(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    for line in exits.told_of_hil():
        assert " ".join(line.split()) in " ".join(said.split())
    assert {row.hil for row in exits.TABLE} >= {str(int(status)) for status in exits.Exit}


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("rum digits --board nucleo_f446re", "run"),
        ("plan chek testplans/digits.yaml", "check"),
        ("run digits --bord nucleo_f446re", "--board"),
        ("run digits --board nucleo_f446", "nucleo_f446re"),
        ("run digts --board nucleo_f446re", "digits"),
        ("run digits --board nucleo_f446re --backend virtul", "virtual"),
        ("run digits --board nucleo_f446re --compiler gc", "gcc"),
        ("run digits --board nucleo_f446re --model digits_cnn_int9", "digits_cnn_int8"),
        ("build digits --board nucleo_f446re -o fw.elf --engine tflmm --engine-dir .", "tflm"),
        ("model show digits_cnn_int9", "digits_cnn_int8"),
        ("model quantize digits_cnn_int8 -o out/out.tflite --calibrate digts", "digits"),
        ("data fetch mnits", "mnist"),
        ("data forms image_folder", "image_folders"),
        ("bench-link --quick --protocol sed", "seed"),
        ("bench-engine digits_cnn_int9", "digits_cnn_int8"),
    ],
)
def test_a_name_that_is_nearly_right_is_told_as_such(line, near, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(line.split())
    said = capsys.readouterr().err
    assert end.value.code == 3, said
    assert re.search(rf"([Dd]id you mean|Possible options:|no such).*{re.escape(near)}\b", said, re.IGNORECASE), said


@pytest.mark.parametrize("variable", ["gc", "zigg"])
def test_so_is_the_compiler_of_the_environment(variable):
    done = subprocess.run(
        [sys.executable, "-c", "from harness.build.compilers import cross_compiler as c; c('auto')"],
        capture_output=True,
        text=True,
        env={"HIL_COMPILER": variable},
    )
    assert "did you mean" in done.stderr

"""``hil data``: what people read before and after they write a plan for data of their own."""

from __future__ import annotations

import json

import pytest

from harness.cli import main
from harness.data import datasets


@pytest.fixture
def hil(capsys):
    """Run it here; (status, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out = capsys.readouterr()
        return end.value.code, out.out, out.err

    return run


def test_the_forms_are_listed_with_what_they_are_in_80_columns(hil) -> None:
    status, out, _ = hil("data", "forms")
    assert status == 0
    assert all(f"\n{name} " in f"\n{out}" for name in datasets.names())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", datasets.names())
def test_a_form_shows_its_options_and_an_example(hil, name: str) -> None:
    status, out, _ = hil("data", "forms", name)
    assert status == 0
    assert f"dataset:\n  name: {name}\n" in out
    assert all(f"\n{option}  " in out for option in datasets.options_of(name))
    assert max(map(len, out.splitlines())) <= 80
    (told,) = json.loads(hil("data", "forms", name, "--json")[1])
    assert [option["name"] for option in told["options"] if option["required"]] == [
        option for option, field in datasets.options_of(name).items() if field.is_required()
    ]


def test_a_form_that_is_not_there_is_a_mistake_with_a_guess(hil) -> None:
    status, _, err = hil("data", "forms", "image_folder")
    assert status == 3
    assert "did you mean 'image_folders'?" in err

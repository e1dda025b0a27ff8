"""Templates are compiled once and kept; what lies in the folder decides nothing about a page."""

import jinja2
import pytest

from harness.evidence.reports._compiled import Kept


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page rendered by an environment of its own, as each process has one; (its text, how often the template was compiled)."""
    monkeypatch.setenv("HIL_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "page.j2").write_text("{{ n }} samples")

    def render(salt="a"):
        compiled = []

        class Watched(jinja2.Environment):
            def _compile(self, source, filename):
                compiled.append(filename)
                return super()._compile(source, filename)

        environment = Watched(loader=jinja2.FileSystemLoader(tmp_path), bytecode_cache=Kept(salt))
        return environment.get_template("page.j2").render(n=3), len(compiled)

    return render


def kept(folder):
    return sorted(path for path in (folder / "cache" / "pages").iterdir() if path.suffix != ".sha256")


def test_a_template_is_compiled_once_and_again_when_it_or_the_way_of_compiling_changes(page, tmp_path):
    assert [page(), page()] == [("3 samples", 1), ("3 samples", 0)]
    assert page(salt="b") == ("3 samples", 1)
    (tmp_path / "page.j2").write_text("{{ n }} images")
    assert [page(), page()] == [("3 images", 1), ("3 images", 0)]


def test_a_damaged_file_is_not_believed_and_is_made_again(page, tmp_path):
    page()
    (file,) = kept(tmp_path)
    sound = file.read_bytes()
    file.write_bytes(sound[:-20] + bytes(20))
    assert [page(), page()] == [("3 samples", 1), ("3 samples", 0)]
    assert kept(tmp_path) == [file]


@pytest.mark.parametrize("there", ["a file", "no home"])
def test_a_folder_that_cannot_be_used_costs_time_and_nothing_else(page, tmp_path, monkeypatch, there):
    if there == "a file":
        (tmp_path / "cache").write_text("")
    else:
        monkeypatch.setenv("HIL_CACHE_DIR", "/dev/null/nothing")
    assert [page(), page()] == [("3 samples", 1), ("3 samples", 1)]

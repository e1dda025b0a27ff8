"""The number of files that the guide says an addition takes is the number that the additions here took."""

import re

from harness.guide import pages
from harness.paths import shipped

ROOT = shipped("firmware").parent
ROW = re.compile(r"^\| (?P<what>[^|]+) \| (?P<files>\d)[^|]*\| (?P<where>[^|]+) \|$", re.MULTILINE)
ROWS = {match["what"].strip(): match for match in ROW.finditer(pages.source("extending"))}
#: Folders whose files are found by their names, one a thing: what must not be named in any other module for it to work.
SEAMS = {
    "a form of data set": "harness/data/datasets",
    "a metric": "harness/verdict/metrics",
    "a form of report": "harness/evidence/reports",
    "a transport": "harness/bench/transports",
    "a chip in Renode": "harness/renode/soc",
    "a generated part of this guide": "harness/guide/parts",
}


def modules(folder):
    return sorted(path.stem for path in (ROOT / folder).glob("*.py") if not path.stem.startswith("_"))


def test_each_row_says_how_many_and_where():
    assert len(ROWS) == pages.source("extending").count("\n| a")
    assert SEAMS.keys() <= ROWS.keys()


def test_a_seam_that_takes_one_file_has_no_list_of_its_files():
    for what, folder in SEAMS.items():
        assert int(ROWS[what]["files"]) == 1
        assert f"`{folder}/" in ROWS[what]["where"]
        init = (ROOT / folder / "__init__.py").read_text(encoding="utf-8")
        assert "iter_modules" in init or "glob" in init or "import_module" in init, (
            f"{folder} does not find its files by name"
        )
        for name in modules(folder):
            assert not re.search(rf"^(?:from|import) .*\b{name}\b", init, re.MULTILINE), (
                f"{folder}/__init__.py names {name}"
            )


def test_a_board_is_two_files_and_a_chip_one():
    for name in modules("harness/virtual/soc"):
        assert (ROOT / "harness/virtual/soc" / f"{name}.py").is_file()
    for toml in (ROOT / "firmware/boards").glob("*/board.toml"):
        assert sorted(path.name for path in toml.parent.iterdir() if path.is_file()) == ["board.c", "board.toml"], toml
    assert ROWS["a board"]["files"] == "2"


def test_an_engine_is_as_many_files_as_said():
    said = ROWS["another engine (X-CUBE-AI, TFLM, CMSIS-NN, ...)"]
    counts = [
        sum(path.is_file() for path in folder.rglob("*"))
        for folder in (ROOT / "firmware/engines").iterdir()
        if folder.is_dir()
    ]
    assert (min(counts), max(counts)) == tuple(map(int, re.findall(r"\d", said[0].split("|")[2])))

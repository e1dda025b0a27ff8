"""The fixtures for tests of the user's own: ``board``, ``dut``, ``dataset``, ``reference``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import MisuseError
from harness.plugin import ending, options, orphan, ours, own

# What works is imported by those who need it: this module is loaded in every run of pytest where we are installed.
if TYPE_CHECKING:
    from harness.bench.boards import Board
    from harness.data.dataset import Dataset
    from harness.run.dut import Dut


class Splits:
    """A dataset by name; its splits are its attributes, read when they are asked for.

    Relative paths in its options start at the test's folder, as those of models do; what is not there is looked for from
    where pytest was started.
    """

    def __init__(self, name: str, options: dict[str, object], root: Path) -> None:
        self._name = name
        self._options = options
        self._root = root

    def __repr__(self) -> str:
        return f"<dataset {self._name!r}>"

    def __getattr__(self, split: str) -> Dataset:
        if split.startswith("_"):
            raise AttributeError(split)
        from harness.data import DataMissing, datasets

        try:
            return datasets.load(self._name, split, options=self._options, folder=_folder_of_test(self._root))
        except DataMissing as missing:
            try:
                return datasets.load(self._name, split, options=self._options)
            except DataMissing:
                raise missing from None


def _folder_of_test(root: Path) -> Path:
    """Where the running test stands, as pytest tells it; the working directory outside of one."""
    file = root / os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
    return file.parent if file.is_file() else Path()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that uses our ``board`` runs once for each that is asked for and that its marker allows."""
    if not ours.to_parametrize(metafunc):
        return
    asked = metafunc.config.stash[options.KEY].boards
    marker = metafunc.definition.get_closest_marker("board")
    allowed = marker.args if marker else None
    chosen = [name for name in asked if allowed is None or name in allowed] if asked else list(allowed or ())
    values: list[object] = list(chosen)
    if not values:
        option = options.spelt(metafunc.config, "--board")
        what = f"{option} {', '.join(asked)}" if asked else f"no {option} and no @pytest.mark.board"
        why = f"{what}; the test is for {', '.join(allowed)}" if asked and allowed else what
        values = [pytest.param(None, marks=pytest.mark.skip(reason=f"hil: {why}"), id="no board")]
    metafunc.parametrize("board", values, indirect=True, scope="session")


@pytest.fixture(scope="session")
def board(request: pytest.FixtureRequest) -> Board:
    """The kind of board that this test runs on: one of ``--board`` that ``@pytest.mark.board`` allows."""
    from harness.bench.boards import load_board

    return load_board(request.param)


@pytest.fixture
def dut(request: pytest.FixtureRequest, board: Board | str) -> Iterator[Dut]:
    """An open unit. It is flashed with the model of ``@pytest.mark.model``, else with the one that suits the first data."""
    from harness.bench.boards import Board, load_board
    from harness.bench.places import NoneFree
    from harness.plugin import progress
    from harness.plugin.spread import needs, seat
    from harness.run.claim import claimed
    from harness.run.dut import open_dut

    ending.arm(request.config)
    orphan.watch(request.config)
    model = request.node.get_closest_marker("model")
    # A project may have a `board` of its own, or give one by parametrize: a kind by its name is as good.
    kind = load_board(board) if isinstance(board, str) else board
    if not isinstance(kind, Board):
        raise MisuseError(
            "the fixture `dut` got a `board` that is none of ours",
            expected="the name of a kind of board (`hil boards`), or what harness.bench.boards.load_board gives",
            found=f"a {type(board).__name__}",
            next_step="rename the fixture `board` of your own, or let it give such a name",
        )
    if (why := needs.unfit(request.node)) is not None:
        pytest.skip(f"hil: {why}")
    trail = own.follow(request.node)
    run = seat.run_options(request.config)
    with ExitStack() as stack:
        stack.enter_context(claimed(trail.folder, what=request.node.nodeid))
        opened = open_dut(
            kind,
            replace(run, tags=(*run.tags, *needs.required(request.node))),
            what=request.node.nodeid,
            folder=request.path.parent,
            trail=trail,
            shown=lambda: progress.shown(request.config, request.node.nodeid),
        )
        try:
            unit = stack.enter_context(opened)
        except NoneFree as busy:
            pytest.exit(f"{request.node.nodeid}: {busy}", returncode=2)  # --no-wait
        if unit.evidence != "hardware" and request.node.get_closest_marker("hardware"):
            pytest.skip(f"needs hardware; this is a {unit.backend} unit")
        if model is not None:
            unit.load(_named(model))
        yield unit
        own.end(request.node, None)  # what fixtures did with the unit after the test


def _named(marker: pytest.Mark) -> str | Path | dict[str, object]:
    """What ``@pytest.mark.model`` says: one argument as ``dut.load`` takes it, or file=, classes=, name=."""
    if len(marker.args) == 1 and not marker.kwargs and isinstance(marker.args[0], str | Path | dict):
        return marker.args[0]
    if len(marker.args) == 1 and isinstance(marker.args[0], str | Path):
        return {"file": str(marker.args[0]), **marker.kwargs}
    return dict(marker.kwargs)


@pytest.fixture(scope="session")
def dataset(request: pytest.FixtureRequest) -> Callable[..., Splits]:
    """``dataset("digits").test[:200]``: labelled samples by name."""
    root = request.config.rootpath

    def named(name: str, **options: object) -> Splits:
        return Splits(name, options, root)

    return named


@pytest.fixture(scope="session")
def reference() -> Callable[..., object]:
    """``reference("litert")``: what computes the expected outputs on the host."""
    from harness.models import reference as references

    return references.load

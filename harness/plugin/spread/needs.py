"""What a test needs of the unit that it runs on, and whether this bench has such a one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from harness.bench.boards import load_board
from harness.bench.places import Place, known
from harness.bench.unit import choose_backend
from harness.plugin import options, ours

if TYPE_CHECKING:
    from harness.plugin.collect import PlanItem


_MANY: Final = 1 << 16  # as many as there are


@dataclass(frozen=True)
class Need:
    """``case``: what its record is called, "" where it leaves none. ``board`` "": it needs no unit.

    ``group``: its file and classes, whose fixtures it may share with others; () for a case of a plan.
    """

    case: str = ""
    board: str = ""
    tags: tuple[str, ...] = ()
    shards: int = 1
    group: tuple[str, ...] = ()

    def words(self) -> str:
        """What it needs, for messages."""
        tags = f" with the tags {', '.join(self.tags)}" if self.tags else ""
        return f"{self.board or 'unit'}{tags}"

    def told(self) -> dict[str, Any]:
        """As ``read`` takes it."""
        return asdict(self)

    @classmethod
    def read(cls, told: dict[str, Any]) -> Need:
        """From another process."""
        return cls(told["case"], told["board"], tuple(told["tags"]), told["shards"], tuple(told["group"]))


def of(item: pytest.Item) -> Need:
    """What the item needs. One that is skipped anyway, or that this bench has no unit for, needs none: it only says so."""
    from harness.plugin.collect import PlanItem

    shards, group = 1, tuple(item.parent.nodeid.split("::")) if item.parent is not None else ()
    if isinstance(item, PlanItem):
        board, case, tags = item.case.board, item.case.id, item.case.plan.requires
        shards, group = _shards(item), ()
    elif ours.uses(item, "board"):
        # A test that is for none of the boards asked for has the parameter None, and a mark that skips it.
        board = getattr(item, "callspec").params.get("board") or ""  # noqa: B009
        case, tags = item.nodeid if ours.judged(item) else "", required(item)
    else:
        board, case, tags = "", "", required(item)
    if not (board or tags) or unfit(item) is not None or item.get_closest_marker("skip"):
        return Need(case=case, group=group)
    return Need(case, board, tags, shards, group)


def _shards(item: PlanItem) -> int:
    """Over how many units its samples may be spread."""
    run = item.config.stash[options.KEY].run
    wanted = run.shards or item.case.plan.shards
    return _MANY if wanted == "auto" else int(wanted or 1)


def required(item: pytest.Item) -> tuple[str, ...]:
    """The tags that its markers ask for."""
    return tuple(dict.fromkeys(str(tag) for mark in item.iter_markers("requires") for tag in mark.args))


def unfit(item: pytest.Item) -> str | None:
    """Why this bench can never run it; None when it can, or when it asks for nothing special."""
    from harness.plugin.collect import PlanItem

    if isinstance(item, PlanItem):
        board: str | None = item.case.board
        tags = item.case.plan.requires
    else:
        callspec = getattr(item, "callspec", None)
        board = callspec.params.get("board") if callspec is not None and ours.uses(item, "board") else None
        tags = required(item)
    if not tags:
        return None
    places = on_bench(item.config, board)
    if any(set(tags) <= set(place.tags) for place in places):
        return None
    wanted = f"requires {', '.join(tags)}"
    if not places:
        return f"{wanted}: there is no bench with a {board or 'unit'}, and a virtual board has no tags"
    there = ", ".join(f"{place.title} ({', '.join(place.tags) or 'no tags'})" for place in places)
    return f"{wanted}: no {board or 'unit'} of this bench has that; there is: {there}"


def is_on_units(config: pytest.Config, board: str) -> bool:
    """Whether that kind runs on units that are there before the run; else each test starts a virtual one."""
    run = config.stash[options.KEY].run
    return choose_backend(load_board(board), run.backend, run.places, run.uid) == "probe"


def on_bench(config: pytest.Config, board: str | None = None) -> Sequence[Place]:
    """The units of a kind (None: of all kinds asked for), also those that take no work now; none where virtual ones are started."""
    asked = config.stash[options.KEY]
    kinds = asked.boards if board is None else (board,)
    return [place for kind in kinds if is_on_units(config, kind) for place in _known(kind, asked.run.places)]


@lru_cache(maxsize=64)
def _known(board: str, places: tuple[Place, ...]) -> tuple[Place, ...]:
    # USB is searched once: to be asked for each of a thousand tests.
    return tuple(known(load_board(board), places))

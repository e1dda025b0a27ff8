"""A rack of virtual units on a virtual hub, with the bench file that names them: for trying a farm out, and for its tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from harness.bench import boards, emulators
from harness.errors import MisuseError
from harness.plans.bench import Bench, BenchUnit
from harness.plans.power import HUB_OF_OURS, VirtualPower
from harness.virtual.host import hub as hubs
from harness.virtual.host.hub import Hub


def kinds_of(spec: str) -> dict[str, int]:
    """``nucleo_f446re=3,cy8cproto_062_4343w``: so many units of each kind, one where no number stands.

    ``MisuseError`` for what is no such list, ``BenchError`` for a kind that has no virtual board.
    """
    kinds: dict[str, int] = {}
    for part in spec.split(","):
        name, _, number = part.strip().partition("=")
        if not name or not re.fullmatch("[1-9][0-9]{0,3}|", number):
            raise MisuseError(
                "this is no list of boards",
                expected="BOARD=NUMBER, several with commas: nucleo_f446re=3,cy8cproto_062_4343w=1",
                found=spec,
                next_step="`hil boards` lists the boards",
            )
        emulators.load(emulators.DEFAULT).require(boards.load_board(name))
        kinds[name] = kinds.get(name, 0) + int(number or 1)
    return kinds


def name_for(bench: Path) -> str:
    """The name of the hub, and the beginning of its units' ids, for a bench file: the same each time."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", bench.stem)[:24].strip("._-") or "rack"


def fill(hub: Hub, kinds: Mapping[str, int]) -> None:
    """Plug the units in, and switch them all on. ``BenchError`` of the first that does not come up."""
    for kind, number in kinds.items():
        board = boards.load_board(kind)
        assert board.virtual is not None
        for _ in range(number):
            hub.plug(board.virtual.soc, kind, f"{hub.name}-{len(hub.ports) + 1}")
    hub.switch_all(on=True)


def bench_of(hub: Hub) -> Bench:
    """The hub's units as a bench file has them: each with its port of the hub, and the hub as a whole."""
    whole = VirtualPower.model_validate({"driver": HUB_OF_OURS, "hub": hub.name})
    return Bench(
        units=tuple(
            BenchUnit(
                board=port.board_name,
                uid=port.uid,
                port=str(hubs.link_of(port.uid)),
                power=whole.model_copy(update={"port": port.number}),
                hub=whole,
            )
            for port in hub.ports.values()
        )
    )

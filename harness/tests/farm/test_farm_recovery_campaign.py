"""Every kind of board on one hub, hurt at random in every way there is: each comes back with its proof, and nothing is left."""

import os
import random
from collections import Counter

import pytest
from recovery_rack import injure, put, recover

from harness.bench import lease
from harness.bench.boards import load_board, names
from harness.models import metadata
from harness.run.product import build_product
from harness.testing.rack import VirtualRack
from harness.virtual.debug import registry

FULL = os.environ.get("HIL_FULL") == "1"
#: What is done to a unit, and the rungs that may mend it.
WOUNDS = {
    "nothing": {"reconnect"},
    "cut_line": {"power_port"},
    "freeze": {"power_port"},
    "hang_probe": {"power_port"},
    "killed": {"power_port"},
    "off": {"power_port"},
    "take_debug_pins": {"under_reset"},
}


@pytest.mark.timeout(3600)
@pytest.mark.skipif(not FULL, reason="twenty recoveries take minutes; with HIL_FULL=1")
def test_twenty_injuries_on_a_rack_of_every_kind(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    chance = random.Random(13)
    helped: dict[str, Counter[str | None]] = {}
    with VirtualRack(dict.fromkeys(names(), 1), tmp_path / "bench.yaml") as rack:
        places = {place.uid: place for place in rack.places()}
        for place in places.values():
            elf = tmp_path / f"{place.board}.elf"
            build_product(metadata.load_model("digits_cnn_int8"), load_board(place.board), out=elf)
            put(place, elf)
        for _ in range(20):
            uid, wound = chance.choice(rack.uids), chance.choice(list(WOUNDS))
            if wound == "killed":
                rack.kill(uid)
            elif wound == "off":
                rack.hub.switch(next(port.number for port in rack.hub.ports.values() if port.uid == uid), on=False)
            elif wound != "nothing":
                injure(uid, wound)
            found = recover(places[uid], near=tuple(places.values()))
            told = f"{uid} ({places[uid].board}), {wound}: {found.told()}"
            assert found.ok, told
            assert found.helped in WOUNDS[wound], told
            if found.helped == "power_port":
                # A PSoC 6 does not tell a power-on from its reset pin.
                assert found.steps[-1].power_cut is (None if places[uid].board.startswith("cy8c") else True), told
            helped.setdefault(wound, Counter())[found.helped] += 1
            assert lease.holder(uid) is None
            if wound == "take_debug_pins":
                rack.start(uid)  # it would do so at every reset
    print(helped)
    assert registry.running() == []

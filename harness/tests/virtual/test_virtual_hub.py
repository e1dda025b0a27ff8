"""A virtual hub: a port without power has no unit on the bus; power brings it back with its flash, without its RAM. Some lie."""

import os
import signal

import pytest

from harness.errors import BenchError, MisuseError
from harness.virtual.debug import registry
from harness.virtual.host.control import Control
from harness.virtual.host.hub import Hub, ask, link_of, socket_path


@pytest.fixture
def hub(runtime_dir):
    with Hub("h") as hub:
        hub.plug("stm32f446re", "b", "h-1")
        hub.plug("cy8c624a", "b", "h-2")
        hub.switch_all(on=True)
        yield hub
    hub.close()
    assert list(runtime_dir.iterdir()) == []


def there():
    return [entry.uid for entry in registry.running()]


def test_other_processes_switch_its_ports_one_by_one(hub):
    assert there() == ["h-1", "h-2"]
    before = registry.find("h-1")
    assert os.path.realpath(link_of("h-1")) == before.port
    ask("h", "switch", 5.0, port=1, on=False)
    ask("h", "switch", 5.0, port=1, on=False)
    assert there() == ["h-2"]
    assert not os.path.lexists(link_of("h-1"))
    assert [(port["on"], port["there"]) for port in ask("h", "state", 5.0)["ports"]] == [(False, False), (True, True)]
    ask("h", "switch", 60.0, port=1, on=True)
    after = registry.find("h-1")
    assert after.pid != before.pid
    assert os.path.realpath(link_of("h-1")) == after.port


def test_all_of_its_ports_at_once(hub):
    ask("h", "switch", 5.0, port=0, on=False)
    assert there() == []
    ask("h", "switch", 60.0, port=0, on=True)
    assert there() == ["h-1", "h-2"]


def test_a_killed_unit_stays_away_until_its_port_had_no_power(hub):
    os.kill(registry.find("h-1").pid, signal.SIGKILL)
    hub.ports[1].unit.ended(10.0)
    ask("h", "switch", 5.0, port=1, on=True)
    assert there() == ["h-2"]
    ask("h", "state", 5.0)
    assert not os.path.lexists(link_of("h-1"))
    hub.switch(1, on=False)
    hub.switch(1, on=True)
    assert there() == ["h-1", "h-2"]


def test_a_hub_that_lies_says_off_and_nothing_leaves(hub):
    hub.lies = True
    pid = registry.find("h-1").pid
    ask("h", "switch", 5.0, port=1, on=False)
    assert ask("h", "state", 5.0)["ports"][0]["on"] is False
    assert registry.find("h-1").pid == pid
    ask("h", "switch", 5.0, port=1, on=True)
    assert registry.find("h-1").pid == pid


def test_a_frozen_unit_loses_its_power_at_once(hub):
    with Control("h-1") as control:
        control.hang_probe()
        control.freeze()
    hub.switch(1, on=False)
    assert there() == ["h-2"]


def test_flash_outlives_a_power_cut_and_ram_does_not(tmp_path, runtime_dir):
    from harness.virtual.soc import build

    with (tmp_path / "flash").open("w+b") as kept:
        _, chip = build("stm32f446re", "u", kept.fileno())
        assert bytes(chip.array[:4]) == b"\xff\xff\xff\xff"
        chip.array[:4] = b"code"
        _, again = build("stm32f446re", "u", kept.fileno())
        assert bytes(again.array[:4]) == b"code"


def test_what_a_hub_cannot_do_is_told(hub):
    with pytest.raises(MisuseError, match="no such port"):
        hub.switch(3, on=True)
    with pytest.raises(BenchError, match="no such port"):
        ask("h", "switch", 5.0, port=3, on=True)
    with pytest.raises(BenchError, match="running already"):
        Hub("h")
    with pytest.raises(BenchError, match="does not answer"):
        ask("nowhere", "state", 5.0)
    with pytest.raises(BenchError, match="no such request"):
        ask("h", "explode", 5.0)


def test_a_hub_whose_process_was_killed_gives_its_name_free(runtime_dir):
    path = socket_path("gone")
    path.touch()
    with Hub("gone") as hub:
        assert hub.state() == []

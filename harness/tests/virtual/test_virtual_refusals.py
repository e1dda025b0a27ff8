"""What a chip would not do stops the unit and is told; what the firmware does that a chip ignores is noted."""

from harness.virtual.host.control import Control

GPIOA = 0x40020000


def test_a_refusal_stops_the_core_until_the_next_reset_and_names_the_place(lab):
    lab.start("compute", 1000)
    lab.machine.run(1000)
    lab.chip.rcc.refuse("fall over")
    at = lab.machine.core.pc
    executed = lab.machine.clock.instructions
    lab.machine.run(100_000)
    assert lab.machine.stopped
    assert lab.machine.clock.instructions == executed
    assert lab.machine.refusals == [f"on a chip this would fall over (before pc {at:#010x})"]
    lab.machine.request_reset("pin")
    assert not lab.machine.stopped
    assert lab.machine.refusals, "what was seen stays seen"


def test_a_write_to_a_peripheral_without_a_clock_is_noted_and_nothing_stops(lab):
    lab.start("compute", 1)
    lab.machine.bus.write(GPIOA, 4, 0)
    assert lab.machine.hints == ["GPIOA is written while its clock is off: the chip ignores that"]
    assert not lab.machine.stopped
    assert lab.machine.refusals == []


def test_a_running_unit_is_asked_for_what_it_found(unit):
    with Control(unit.uid) as control:
        assert control.findings() == {"refusals": [], "hints": [], "tick_s": None}

import pytest

from harness.virtual.core import faults
from harness.virtual.soc.stm32f446re import Stm32F446

HARD_FAULT, MEM_MANAGE, BUS_FAULT, USAGE_FAULT = 3, 4, 5, 6
SEPARATE_HANDLERS = 0x100
PRECISE = faults.PRECISERR | faults.BFARVALID


@pytest.mark.parametrize(
    ("kind", "number", "cfsr", "bfar"),
    [
        pytest.param(0, BUS_FAULT, PRECISE, 0x60000000, id="load from nowhere"),
        pytest.param(1, BUS_FAULT, PRECISE, 0x60000004, id="store to nowhere"),
        pytest.param(2, BUS_FAULT, faults.IBUSERR, None, id="jump to nowhere"),
        pytest.param(3, MEM_MANAGE, faults.IACCVIOL, None, id="jump into the system space"),
        pytest.param(4, USAGE_FAULT, faults.UNDEFINSTR, None, id="undefined instruction"),
        pytest.param(5, USAGE_FAULT, faults.INVSTATE, None, id="jump to an even address"),
        pytest.param(9, BUS_FAULT, PRECISE, 0x40017C00, id="hole between peripherals"),
    ],
)
@pytest.mark.parametrize("own_handler", [False, True])
def test_a_fault_reaches_its_handler_or_escalates_with_its_status(lab, kind, number, cfsr, bfar, own_handler):
    ipsr, found_cfsr, hfsr, found_bfar, exc_return, _pc = lab.run("provoke", kind | own_handler * SEPARATE_HANDLERS)
    assert ipsr == (number if own_handler else HARD_FAULT)
    assert found_cfsr == cfsr
    assert hfsr == (0 if own_handler else faults.FORCED)
    assert exc_return == 0xFFFFFFF9
    if bfar is not None:
        assert found_bfar == bfar


def test_a_wild_jump_is_reported_with_the_address_it_went_to(lab):
    assert lab.run("provoke", 2)[5] == 0x30000000


def test_a_breakpoint_without_a_debugger_is_a_hard_fault(lab):
    ipsr, cfsr, hfsr, *_ = lab.run("provoke", 6)
    assert (ipsr, cfsr, hfsr) == (HARD_FAULT, 0, faults.DEBUGEVT)


def test_a_stack_pointer_into_nowhere_still_reaches_the_handler(lab):
    ipsr, cfsr, hfsr, *_ = lab.run("provoke", 7)
    assert ipsr == HARD_FAULT
    assert cfsr & faults.STKERR
    assert hfsr & faults.FORCED


def test_floating_point_without_enabling_the_unit_is_a_usage_fault(lab):
    ipsr, cfsr, *_ = lab.run("fpu_off")
    assert (ipsr, cfsr) == (HARD_FAULT, faults.NOCP)


def test_a_masked_supervisor_call_escalates(lab):
    ipsr, cfsr, hfsr, *_ = lab.run("provoke", 8)
    assert (ipsr, cfsr, hfsr) == (HARD_FAULT, 0, faults.FORCED)


def test_a_fault_in_the_hard_fault_handler_locks_up_at_the_architectures_address(lab):
    lab.run("provoke", 99)
    assert lab.machine.faults.locked_up
    assert lab.machine.core.pc == faults.LOCKUP_ADDRESS
    assert not lab.done


def test_a_blank_chip_locks_up_and_says_so():
    machine = Stm32F446("blank").machine
    machine.request_reset("power")
    assert machine.run(1_000_000) is not None
    assert machine.faults.locked_up
    assert machine.debug.read(0xDF0) & 1 << 19


@pytest.mark.parametrize("seed", range(8))
def test_random_flash_content_never_hangs_or_kills_the_emulator(seed):
    import random

    chip = Stm32F446("random")
    chip.array[:4096] = random.Random(seed).randbytes(4096)
    chip.array[0:8] = bytes.fromhex("0000022001010008")
    machine = chip.machine
    machine.request_reset("power")
    for _ in range(50):
        machine.run(20_000)
    assert machine.clock.now() > 0

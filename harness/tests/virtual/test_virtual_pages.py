"""What a page of RAM may be: data that is stored to at once, and code that a store changes."""

import struct
from mmap import mmap

import pytest
from unicorn import arm_const as reg

from harness.virtual.core.cpu import EXEC, LIMIT, MEMORY, READ, TRAP, WRITE, Core, Registers
from harness.virtual.core.machine import Machine
from harness.virtual.core.pages import PAGE_BYTES, SYSTEM_SPACE, Pages

FLASH, RAM, SIZE = 0x08000000, 0x20000000, 0x2000
MOVS_R0 = 0x2000  # movs r0, #<low byte>
BX_LR, SELF, STR_R1_R2, STR_R1_R3, BLX_R3, ISB = 0x4770, 0xE7FE, 0x6011, 0x6019, 0x4798, (0xF3BF, 0x8F6F)


@pytest.fixture
def machine():
    machine = Machine(1, part=0)
    flash, ram = mmap(-1, SIZE), mmap(-1, SIZE)
    machine.bus.add_rom("flash", FLASH, flash, lambda *_: None)
    machine.bus.add_ram("ram", RAM, ram)
    machine.vector_base = FLASH
    machine.memories = {FLASH: flash, RAM: ram}
    return machine


def put(machine, address, *halfwords):
    base = address & ~0xFFFFFF
    struct.pack_into(f"<{len(halfwords)}H", machine.memories[base], address - base, *halfwords)


def started(machine, *program):
    struct.pack_into("<2I", machine.memories[FLASH], 0, RAM + SIZE, FLASH + 0x101)
    put(machine, FLASH + 0x100, *program)
    machine.request_reset("power")
    return Registers(machine.core, [reg.UC_ARM_REG_R0 + i for i in range(4)])


def given(registers, *values):
    registers.values[:] = values
    registers.store()


def test_a_page_is_as_large_as_unicorn_says():
    assert Core()._uc.ctl_get_page_size() == PAGE_BYTES


def test_code_that_a_program_wrote_to_ram_runs_and_runs_anew_when_it_changes(machine):
    # Twice: store an instruction to RAM, go there, come back with its result in r0.
    registers = started(machine, STR_R1_R2, *ISB, BLX_R3, SELF)  # str r1, [r2]; isb; blx r3; b .
    for value in (7, 8, 9):
        given(registers, 0, MOVS_R0 | value | BX_LR << 16, RAM, RAM | 1)
        machine.core.set_pc(FLASH + 0x100)
        machine.run(20)
        assert registers.load()[0] == value


def test_code_in_ram_that_stores_into_its_own_page_sees_the_change(machine):
    registers = started(machine, SELF)
    # At RAM: str r1, [r3], beside the code; str r1, [r2]; isb; <the instruction that is overwritten>; b .
    put(machine, RAM, STR_R1_R3, STR_R1_R2, *ISB, MOVS_R0 | 1, SELF)
    for value in (1, 2, 3):
        given(registers, 0, MOVS_R0 | value | SELF << 16, RAM + 8, RAM + 0x80)
        machine.core.set_pc(RAM)
        machine.run(20)
        assert registers.load()[0] == value


def test_a_page_of_ram_is_data_until_it_is_executed_and_again_after_a_reset(machine):
    registers = started(machine, STR_R1_R2, SELF)
    given(registers, 0, 1, RAM + 0x100, 0)
    machine.run(20)
    assert machine.core.pages.code == set()
    put(machine, RAM + PAGE_BYTES, SELF)
    machine.core.set_pc(RAM + PAGE_BYTES)
    machine.run(20)
    assert machine.core.pages.code == {RAM + PAGE_BYTES}
    machine.request_reset("pin")
    assert machine.core.pages.code == set()


def test_code_that_a_debugger_changes_in_ram_runs_changed(machine):
    registers = started(machine, SELF)
    for value in (1, 2):
        assert machine.bus.write_block(RAM, struct.pack("<2H", MOVS_R0 | value, SELF))
        machine.core.set_pc(RAM)
        machine.run(20)
        assert registers.load()[0] == value


@pytest.mark.parametrize("address", [0x40000000, 0x5FFFFC00, 0xA0000000, 0xE0000000, SYSTEM_SPACE, 0xFFFFFFF8])
def test_a_jump_to_where_code_must_never_be_is_an_abort_at_that_address(address):
    core = Core()
    core.map_buffer(FLASH, mmap(-1, SIZE), READ | EXEC)
    core.hook_traps(lambda: False)
    core.set_pc(address)
    assert core.run(10) == TRAP
    assert core.trap == 3
    assert core.pc == address


@pytest.mark.parametrize("address", [0xFFFFFFF0, SYSTEM_SPACE, 0x60000000, RAM + SIZE])
def test_a_load_from_where_nothing_is_names_its_address(address):
    core = Core()
    flash = mmap(-1, SIZE)
    struct.pack_into("<2H", flash, 0, 0x6810, SELF)  # ldr r0, [r2]
    core.map_buffer(FLASH, flash, READ | EXEC)
    core.map_buffer(RAM, mmap(-1, SIZE), READ | WRITE | EXEC)
    r2 = Registers(core, [reg.UC_ARM_REG_R2])
    given(r2, address)
    core.set_pc(FLASH)
    assert core.run(10) == MEMORY
    assert core.bad_access[1] == address


def test_the_step_that_returns_from_a_handler_ends_at_the_place_that_was_interrupted():
    core = Core()
    flash = mmap(-1, SIZE)
    struct.pack_into("<2H", flash, 0, BX_LR, SELF)
    core.map_buffer(FLASH, flash, READ | EXEC)
    lr = Registers(core, [reg.UC_ARM_REG_LR])
    given(lr, 0xFFFFFFF9)
    asked = []

    def back():
        asked.append(core.pc)
        core.set_pc(FLASH + 2)
        return True

    core.hook_traps(back)
    core.set_pc(FLASH)
    assert core.run(1) == LIMIT
    assert (asked, core.pc, core.ran) == ([0xFFFFFFF8], FLASH + 2, 1)
    # And in the middle of a run, where the breakpoint that stands for the return is not counted.
    core.set_pc(FLASH)
    core.run(10)
    assert (asked, core.pc, core.ran) == ([0xFFFFFFF8] * 2, FLASH + 2, 10)


@pytest.mark.parametrize("condition", [0, 1])
@pytest.mark.parametrize("in_page", [0, PAGE_BYTES - 4, PAGE_BYTES - 6], ids=["whole", "split", "split later"])
def test_a_first_access_to_a_page_in_an_it_block_leaves_the_instructions_behind_it_alone(in_page, condition):
    # cmp r0, #0; ite ne; ldrne r1, [r2]; moveq r1, #9; cmp r1, r1; beq over; nop; over: adds r0, #4; adds r0, #8; b .
    program = (0x2800, 0xBF14, 0x6811, 0x2109, 0x4289, 0xD000, 0xBF00, 0x3004, 0x3008, SELF)
    core = Core()
    flash, ram = mmap(-1, SIZE), mmap(-1, SIZE)
    struct.pack_into(f"<{len(program)}H", flash, in_page, *program)  # translations end with a page
    struct.pack_into("<I", ram, 0, 77)
    core.map_buffer(FLASH, flash, READ | EXEC)
    core.map_buffer(RAM, ram, READ | WRITE | EXEC)
    registers = Registers(core, [reg.UC_ARM_REG_R0 + i for i in range(4)])
    given(registers, condition, 5, RAM, 0)
    core.set_pc(FLASH + in_page)
    core.run(20)
    # In a state that still says NE the addition behind the branch, which EQ took, would be passed over.
    assert list(registers.load())[:2] == [condition + 12, 77 if condition else 9]


def test_what_is_not_ram_is_the_rest_of_the_map():
    pages = Pages()
    assert list(pages.elsewhere()) == [(0, 0xFFFFFFFF)]
    pages.add_memory(0x20000000, 0x1000)
    pages.add_memory(0x10000000, 0x1000)
    assert list(pages.elsewhere()) == [
        (0, 0x0FFFFFFF),
        (0x10001000, 0x1FFFFFFF),
        (0x20001000, 0xFFFFFFFF),
    ]

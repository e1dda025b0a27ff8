import pytest

SFTRSTF, IWDGRSTF, PINRSTF, PORRSTF = 1 << 28, 1 << 29, 1 << 26, 1 << 27


def test_pending_exceptions_run_in_order_of_priority_and_tail_chain(lab):
    assert lab.run("priorities") == [1, 0xB0, 0xA0, 0x14, 2]


def test_a_more_urgent_interrupt_runs_inside_a_less_urgent_one(lab):
    assert lab.run("priorities", 1) == [1, 0xA0, 0xB0, 0xA1, 0x14, 2]


def test_basepri_holds_back_what_is_not_more_urgent(lab):
    assert lab.run("basepri") == [0xB0, 1, 0xA0, 2]


def test_wfi_wakes_for_an_interrupt_that_primask_holds_back(lab):
    assert lab.run("wfi_masked") == [1, 0xA0, 2]


def test_a_supervisor_call_sees_its_arguments_and_returns_a_value(lab):
    marker, ipsr, exc_return, control, result = lab.run("supervisor_call")
    assert (marker, ipsr, exc_return, control & 3, result) == (0x5C, 11, 0xFFFFFFF9, 0, 42)


def test_floating_point_registers_survive_a_handler_that_uses_them(lab):
    results = lab.run("floating_point")
    exc_return, control_in_handler = results[2], results[3]
    s0, s15, s16, fpscr, control = results[4:]
    assert exc_return == 0xFFFFFFE9
    assert control_in_handler & 4 == 0
    assert (s0, s15, s16) == (0x3F800000, 0x40490FDB, 0x12345678)
    assert fpscr & 0xF0C00000 == 0x80000000
    assert control & 4


def test_an_unprivileged_thread_on_its_own_stack_calls_the_supervisor_and_comes_back(lab):
    before, marker, ipsr, exc_return, in_handler, result, after = lab.run("unprivileged")
    assert before & 3 == 3
    assert (marker, ipsr, exc_return, result) == (0x5C, 11, 0xFFFFFFFD, 3)
    assert in_handler & 2 == 0
    assert after & 3 == 3


def test_systick_wakes_the_core_and_takes_the_programmed_time(lab):
    begin = lab.machine.clock.now()
    assert lab.run("systick") == [5]
    assert 5 * 16_000 <= lab.machine.clock.now() - begin < 6 * 16_000 + 100_000


def test_the_cycle_counter_counts_instructions_exactly(lab):
    assert lab.run("count_instructions") == [202]


def test_the_same_program_takes_the_same_instructions_every_time(image, lab):
    counts = []
    for _ in range(3):
        before = lab.machine.clock.instructions
        lab.run("compute", 50_000)
        counts.append(lab.machine.clock.instructions - before)
    assert counts[0] > 100_000
    assert len(set(counts)) == 1


def test_a_software_reset_keeps_ram_and_is_told_as_the_cause(lab):
    first, second = lab.run("software_reset")
    assert first & PORRSTF
    assert second & (SFTRSTF | PORRSTF) == SFTRSTF
    assert second & PINRSTF
    assert lab.machine.resets == 2


def test_a_starved_watchdog_resets_the_chip_in_virtual_time(lab):
    (cause,) = lab.run("watchdog")
    assert cause & IWDGRSTF
    assert lab.machine.clock.instructions < 10_000


@pytest.mark.parametrize("slice_ticks", [1, 7, 1000])
def test_the_length_of_a_slice_changes_nothing(lab, slice_ticks):
    lab.start("priorities")
    lab.machine.wall = lambda: 0.0
    for _ in range(200_000):
        lab.machine.run(slice_ticks)
        if lab.done:
            break
    assert lab.results == [1, 0xB0, 0xA0, 0x14, 2]


@pytest.mark.parametrize(("hint", "sleeps"), [(0xBF20, True), (0xBF30, True), (0xBF10, False), (0xBF40, False)])
def test_hints_sleep_or_pass_and_the_program_goes_on_behind_them(lab, hint, sleeps):
    # stack, reset vector, then: the hint; movs r0, #7; b .
    start = 0x08000008
    code = (0x20001000).to_bytes(4, "little") + (start | 1).to_bytes(4, "little")
    lab.chip.array[:14] = code + hint.to_bytes(2, "little") + b"\x07\x20\xfe\xe7"
    lab.machine.request_reset("power")
    lab.machine.run(100)
    assert lab.machine.sleeping is sleeps
    assert lab.machine.core.pc == start + (2 if sleeps else 4)

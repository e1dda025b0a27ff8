"""RAM patterns find a bit that sticks, bits that are tied together and an address line that is dead, in a memory that has them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.probes import MEMORY_BYTES
from harness.farm.ramtest import PATTERNS, check_ram, spread
from harness.testing.clock import ManualClock

ORIGIN, BYTES = 0x2000_0000, 2 * MEMORY_BYTES


class Ram:
    """A probe's memory of words. ``cell`` says which word an address leads to, ``kept`` what a word holds of what is written."""

    def __init__(self, clock, *, cell=lambda at: at, kept=lambda at, word: word, call_s=0.0):
        self.words = {}
        self.halted = False
        self.calls = 0
        self._clock, self._cell, self._kept, self._call_s = clock, cell, kept, call_s

    def halt(self):
        self.halted = True

    def erase(self, address):
        raise AssertionError("the RAM test erases no flash")

    def read_memory(self, address, n_bytes):
        self._called(n_bytes)
        return b"".join(
            self.words.get(self._cell(at), 0).to_bytes(4, "little") for at in range(address, address + n_bytes, 4)
        )

    def write_memory(self, address, data):
        self._called(len(data))
        for at in range(0, len(data), 4):
            cell = self._cell(address + at)
            self.words[cell] = self._kept(cell, int.from_bytes(data[at : at + 4], "little"))

    def _called(self, n_bytes):
        assert self.halted
        assert n_bytes <= MEMORY_BYTES
        self.calls += 1
        self._clock.advance_s(self._call_s)


def checked(budget_s=60.0, n_bytes=BYTES, **faults):
    clock = ManualClock()
    ram = Ram(clock, **faults)
    return check_ram(ram, ORIGIN, n_bytes, clock=clock, budget_s=budget_s), ram


def test_a_good_memory_holds_every_word_of_every_pattern():
    report, _ = checked()
    assert report.ok
    assert (report.tested, report.total, report.words, report.wrong, report.first) == (
        BYTES, BYTES, len(PATTERNS) * BYTES // 4, 0, "",
    )  # fmt: skip


words = st.integers(0, BYTES // 4 - 1).map(lambda n: ORIGIN + 4 * n)


@settings(max_examples=20)
@given(words, st.integers(0, 31), st.booleans())
def test_any_single_bit_that_sticks_is_found_and_named_by_its_address(where, bit, high):
    def kept(at, word):
        if at != where:
            return word
        return word | 1 << bit if high else word & ~(1 << bit)

    report, _ = checked(kept=kept)
    assert not report.ok
    assert 1 <= report.wrong <= len(PATTERNS)
    assert report.first.startswith(f"{where:#010x} holds ")


@settings(max_examples=10)
@given(st.integers(0, 30))
def test_two_neighbouring_bits_that_are_tied_together_are_found(bit):
    both = 3 << bit
    report, _ = checked(kept=lambda at, word: word | both if word & both else word)
    assert not report.ok


@settings(max_examples=10)
@given(st.integers(2, 14))
def test_an_address_line_that_is_dead_is_found(line):
    report, _ = checked(cell=lambda at: at & ~(1 << line))
    assert not report.ok
    assert "(its address)" in report.first


def test_a_slow_probe_tests_a_part_that_is_spread_over_the_whole_and_keeps_its_time():
    report, ram = checked(budget_s=40.0, n_bytes=1 << 20, call_s=0.5)
    assert report.tested == 10 * MEMORY_BYTES
    assert report.total == 1 << 20
    assert report.seconds <= 41.5
    assert {ORIGIN, ORIGIN + (1 << 20) - 4} <= set(ram.words)


@given(st.integers(2, 200), st.integers(0, 300))
def test_a_part_has_the_first_and_the_last_block_and_no_more_than_asked_for(n, most):
    blocks = [(16 * at, 16) for at in range(n)]
    chosen = spread(blocks, most)
    assert chosen == sorted(set(chosen))
    assert {blocks[0], blocks[-1]} <= set(chosen) <= set(blocks)
    assert len(chosen) == (n if most >= n else max(2, most))

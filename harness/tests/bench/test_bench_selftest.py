"""The self-test's words: what the source assembles to, what the architecture says must come out, and who is told what."""

import struct
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from harness.bench import selftest
from harness.bench.boards import load_board
from harness.bench.emulators import virtual
from harness.errors import BenchError
from harness.paths import shipped
from harness.virtual.core.machine import Machine

WORD = 0xFFFFFFFF
FLASH, RAM = 0x08000000, 0x20000000
OPERANDS = struct.unpack("<12I", selftest._CODE[-48:])


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def lanes(word):
    return [signed(word >> shift, 8) for shift in (0, 8, 16, 24)]


def halves(low, high):
    return low & 0xFFFF | (high & 0xFFFF) << 16


def larger_bytes(a, b):
    return sum((max(x, y) & 0xFF) << 8 * n for n, (x, y) in enumerate(zip(lanes(a), lanes(b), strict=True)))


def rotated(x):
    return (x >> 8 | x << 24) & WORD


def sxtab16(a, x):
    return halves(a + signed(x, 8), (a >> 16) + signed(x >> 16, 8))


def saturated(x):
    return max(-128, min(127, signed(x, 32))) & WORD


def fused(a, b, c):
    """Rounded once: the nearest single to the exact sum."""
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    guess = np.float32(float(exact))
    near = (np.nextafter(guess, np.float32(-np.inf)), guess, np.nextafter(guess, np.float32(np.inf)))
    return min(near, key=lambda x: abs(Fraction(float(x)) - exact))


def bits(x):
    return int(np.float32(x).view(np.uint32))


def by_the_manual():
    """What ARM DDI 0403E says of each instruction, on the operands that the code carries. Written apart from the table."""
    a, b, c, d, x, y, p, q, s, *singles = OPERANDS
    f, g, h = (np.uint32(word).view(np.float32) for word in singles)
    product = signed(p, 32) * signed(q, 32)
    dual = signed(p, 16) * signed(q, 16) + signed(p >> 16, 16) * signed(q >> 16, 16) + s
    return [
        larger_bytes(a, b), larger_bytes(c, d),
        sxtab16(0, x), sxtab16(0, rotated(x)), sxtab16(y, x), sxtab16(y, rotated(x)),
        dual & WORD, halves(p, q), product & WORD, product >> 32 & WORD,
        saturated(p), saturated(s), int(Fraction(signed(p, 32), signed(s, 32))) & WORD, 32 - p.bit_length(),
        bits(fused(f, g, h)), bits(f / g), bits(np.sqrt(f)), int(h) & WORD, 1 if h < f else 2,
    ]  # fmt: skip


def test_the_table_is_what_the_manual_says():
    assert [f"{right:#010x}" for _, right in selftest._EXPECTED] == [f"{word:#010x}" for word in by_the_manual()]


def test_the_words_are_what_the_source_assembles_to(tmp_path):
    from elftools.elf.elffile import ELFFile

    source = shipped("firmware") / "selftest" / "selftest.S"
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4", "-c"]
    done = subprocess.run([*command, str(source), "-o", str(tmp_path / "o")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "o").open("rb") as file:
        assert ELFFile(file).get_section_by_name(".text").data() == selftest._CODE


def ran(program):
    from mmap import mmap

    machine = Machine(16, part=0)
    flash, ram = mmap(-1, 0x10000), mmap(-1, 0x10000)
    machine.bus.add_ram("flash", FLASH, flash)
    machine.bus.add_ram("ram", RAM, ram)
    flash[: len(program)] = program
    machine.vector_base = FLASH
    machine.request_reset("power")
    machine.run(10_000)
    return ram[: selftest.RESULT_BYTES]


def test_unicorn_passes():
    selftest.judge(ran(selftest.program(RAM + 0x8000, FLASH, RAM)), "Unicorn", "")


def found(**changed):
    words = [right for _, right in selftest._EXPECTED] + [selftest._DONE]
    for at, word in changed.items():
        words[int(at[1:])] = word
    return struct.pack(f"<{len(words)}I", *words)


@pytest.mark.parametrize("at", range(len(selftest._EXPECTED)))
def test_each_wrong_word_is_told_with_its_instruction_and_what_to_take(at):
    with pytest.raises(BenchError) as caught:
        selftest.judge(found(**{f"w{at}": 0xDEAD}), "Renode 1.15.3", "take Renode 1.16")
    assert "Renode 1.15.3" in caught.value.what
    assert selftest._EXPECTED[at][0] in caught.value.what
    assert "0x0000dead" in caught.value.found
    assert caught.value.next_step == "take Renode 1.16"


def test_one_that_does_not_come_to_the_end_is_told_so():
    with pytest.raises(BenchError, match="to its end"):
        selftest.judge(bytes(selftest.RESULT_BYTES), "Renode 1.15.3", "")


def test_the_virtual_board_is_not_handed_out_before_it_has_passed(monkeypatch):
    monkeypatch.setattr(selftest, "_EXPECTED", (("SSUB8, SEL", 1), *selftest._EXPECTED[1:]))
    monkeypatch.setattr(virtual.process, "start", lambda *_arguments, **_more: pytest.fail("it was started"))
    virtual._prove.cache_clear()
    with pytest.raises(BenchError, match=r"Unicorn .* computes SSUB8"):
        virtual.start(load_board("nucleo_f446re"))
    virtual._prove.cache_clear()

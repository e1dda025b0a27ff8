import re

from elftools.elf.elffile import ELFFile

from harness.build import Symbols, native
from harness.build import symbols as module


def test_an_address_is_named_by_function_offset_file_and_line(image):
    symbols = Symbols(image.elf)
    crc32 = symbols.address_of("crc32")
    assert re.fullmatch(r"crc32\+0x0 \(crc32\.c:\d+\)", symbols.describe(crc32))
    assert re.fullmatch(r"crc32\+0x2 \(crc32\.c:\d+\)", symbols.describe(crc32 + 3))
    assert symbols.describe_caller(crc32 + 5).startswith("crc32+0x2 ")


def test_an_address_of_nothing_stays_a_number(image):
    symbols = Symbols(image.elf)
    assert symbols.describe(0x3000_0000) == "0x30000000"
    assert symbols.describe(0) == "0x00000000"
    assert symbols.address_of("no_such_function") is None


def test_the_vectors_name_the_reset_handler(image):
    from harness.build import loadable_segments

    vectors = loadable_segments(image.elf)[0][1]
    assert Symbols(image.elf).describe(int.from_bytes(vectors[4:8], "little")).startswith("reset_handler+0x0")


def test_a_program_of_the_host_has_symbols_too(generated_dir, build_cache):
    symbols = Symbols(native(generated_dir, cache_dir=build_cache).elf)
    assert symbols.describe(symbols.address_of("server_poll")).startswith("server_poll+0x0")


def test_tables_are_made_when_an_address_is_asked_for_of_the_file_as_it_was(own_elf, image, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "ELFFile", lambda file: asked.append(file) or ELFFile(file))
    symbols = Symbols(own_elf)
    own_elf.write_bytes(b"another build, with other addresses")
    assert asked == []
    crc32 = Symbols(image.elf).address_of("crc32")
    assert symbols.describe(crc32) == Symbols(image.elf).describe(crc32)
    assert asked

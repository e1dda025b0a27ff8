import hashlib

import pytest
from elftools.elf.elffile import ELFFile

from harness.build import loadable_segments, read_identity, verify_identity
from harness.build.elf import IDENTITY_SECTION, parse_identity, sections
from harness.errors import DeviceError, MisuseError
from harness.wire.messages import PROTOCOL


def _at(elf, section):
    with elf.open("rb") as file:
        return ELFFile(file).get_section_by_name(section)["sh_offset"]


def _overwrite(elf, offset, data):
    with elf.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def test_an_image_says_what_it_was_built_from(image):
    identity = read_identity(image.elf)
    assert (identity.board, identity.engine, identity.protocol) == ("nucleo_f446re", "sums", PROTOCOL)
    assert identity.build_id == image.build_id
    assert identity.model_sha256 == "a1b2c3" + "00" * 29
    assert (identity.input_bytes, identity.output_bytes) == (40, 8)
    assert verify_identity(image.elf) == identity


def test_a_file_that_is_no_elf_is_said_to_be_none(tmp_path):
    path = tmp_path / "firmware.elf"
    with pytest.raises(MisuseError, match="no such image"):
        read_identity(path)
    path.write_bytes(b"not an elf")
    with pytest.raises(DeviceError, match="not an ELF"):
        read_identity(path)


def test_an_image_without_identity_is_refused():
    with pytest.raises(DeviceError, match="does not say what it is"):
        parse_identity(None, where="x.elf")


@pytest.mark.parametrize(
    ("offset", "data", "message"),
    [(0, b"X", "damaged"), (8, b"\x03\0", "another layout"), (10, b"\xff\0", "another layout")],
)
def test_an_identity_that_cannot_be_read_is_refused(own_elf, offset, data, message):
    _overwrite(own_elf, _at(own_elf, IDENTITY_SECTION) + offset, data)
    with pytest.raises(DeviceError, match=message):
        read_identity(own_elf)


def test_weights_that_are_not_the_models_are_refused_with_both_digests(own_elf):
    """The sums engine has no weights: an identity that promises some differs from the empty section."""
    promised = hashlib.sha256(b"weights").digest()
    at = _at(own_elf, IDENTITY_SECTION)
    _overwrite(own_elf, at + 152, promised)
    _overwrite(own_elf, at + 192, bytes(32))  # never sealed
    with pytest.raises(DeviceError) as caught:
        verify_identity(own_elf)
    assert promised.hex() in str(caught.value)
    assert hashlib.sha256(b"").hexdigest() in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_a_bit_that_flips_anywhere_in_what_is_flashed_is_noticed(own_elf, share):
    with own_elf.open("rb") as file:
        code = next(s for s in ELFFile(file).iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"])
        at = code["p_offset"] + int(share * (code["p_filesz"] - 1))
    _overwrite(own_elf, at, bytes([own_elf.read_bytes()[at] ^ 0x10]))
    with pytest.raises(DeviceError, match=r"not what was linked"):
        verify_identity(own_elf)


def test_an_image_that_was_never_sealed_is_taken_as_it_is(own_elf):
    _overwrite(own_elf, _at(own_elf, IDENTITY_SECTION) + 192, bytes(32))
    assert int(verify_identity(own_elf).image_sha256, 16) == 0


def test_what_flashing_writes_begins_with_the_vectors_and_lies_in_flash(image):
    segments = loadable_segments(image.elf)
    address, data = segments[0]
    assert address == 0x0800_0000
    stack_top, reset = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4))
    assert stack_top == 0x2000_0000 + image.stack_bytes
    assert reset & 1
    end = 0x0800_0000
    for address, data in segments:
        assert address >= end
        end = address + len(data)
    assert end <= 0x0800_0000 + 512 * 1024


def test_sizes_are_those_of_the_sections(image):
    found = sections(image.elf)
    assert image.flash_bytes == sum(s.n_bytes for s in found if s.in_flash)
    assert image.flash_bytes >= sum(len(data) for _, data in loadable_segments(image.elf)) - 64  # alignment
    assert image.ram_bytes > image.stack_bytes
    assert all(s.address >= 0x2000_0000 for s in found if s.in_ram)
    assert all(0x0800_0000 <= s.address < 0x0808_0000 for s in found if not s.in_ram)

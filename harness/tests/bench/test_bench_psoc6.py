"""Programming a PSoC 6 again and again, by pyOCD's own path: it goes through the CM0+'s NMI, so the image has a say in it."""

import struct

import pytest
from elftools.elf.elffile import ELFFile

from harness.bench import emulators
from harness.bench.boards import load_board
from harness.bench.probes import CoreState
from harness.bench.probes.pyocd import PyocdProbe
from harness.errors import BenchError
from harness.models import metadata
from harness.run.product import build_product

BOARD = load_board("cy8cproto_062_4343w")
NMI_VECTOR = BOARD.memory.flash_origin + 8  # of the CM0+, which boots from the start of flash
ROM_HANDLER = 0x0000000D


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Three firmwares for the board."""
    folder = tmp_path_factory.mktemp("images")
    models = ("digits_cnn_int8", "digits_cnn_f32", "mnist_f446_int8")
    return [build_product(metadata.load_model(m), BOARD, out=folder / f"{m}.elf").image.elf for m in models]


@pytest.fixture
def unit():
    unit = emulators.start("virtual", BOARD)
    yield unit
    unit.close()


@pytest.fixture
def open_probe():
    """Open a probe; it is closed whatever happens."""
    opened = []

    def go(unit, debug=BOARD.debug):
        opened.append(PyocdProbe(unit.uid, debug))
        opened[-1].open()
        return opened[-1]

    yield go
    for one in opened:
        one.close()


def file_offset(elf, address):
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            if segment["p_paddr"] <= address < segment["p_paddr"] + segment["p_filesz"]:
                return segment["p_offset"] + address - segment["p_paddr"]
    raise AssertionError(f"{address:#x} is not in {elf}")


@pytest.fixture
def wrong_nmi(images, tmp_path):
    """The first image with a handler of its own as the CM0+'s NMI, as it was once shipped."""
    at = file_offset(images[0], NMI_VECTOR)
    content = bytearray(images[0].read_bytes())
    assert struct.unpack_from("<I", content, at)[0] == ROM_HANDLER
    struct.pack_into("<I", content, at, struct.unpack_from("<I", content, at + 4)[0])  # HardFault's
    patched = tmp_path / "wrong.elf"
    patched.write_bytes(content)
    return patched


def test_three_flashings_in_a_row_each_read_back_and_running(unit, open_probe, images):
    probe = open_probe(unit)
    for image in (*images, images[0]):
        report = probe.flash(image)
        assert report.verified
        assert report.bytes_programmed == report.bytes_total > 40_000
        probe.reset()
        assert probe.core().state in (CoreState.RUNNING, CoreState.SLEEPING)


@pytest.mark.parametrize("keeps_vectors", [{"rom_vectors": None}, {}])
def test_three_flashings_by_an_own_session_each(unit, open_probe, images, keeps_vectors):
    # With the ROM's handler in the image a debugger need not change the core's vectors.
    for image in images:
        assert open_probe(unit, BOARD.debug.model_copy(update=keeps_vectors)).flash(image).verified


def test_an_image_with_another_nmi_handler_is_the_last_for_a_debugger_that_keeps_the_cores_vectors(
    unit, open_probe, images, wrong_nmi
):
    keeping = BOARD.debug.model_copy(update={"rom_vectors": None})
    assert open_probe(unit, keeping).flash(wrong_nmi).verified
    with pytest.raises(BenchError, match="the flash cannot be programmed") as caught:
        open_probe(unit, keeping).flash(images[1])
    assert "Flash" in caught.value.found


def test_our_probe_gives_the_core_the_roms_vectors_and_saves_such_a_chip(unit, open_probe, images, wrong_nmi):
    assert open_probe(unit).flash(wrong_nmi).verified
    assert open_probe(unit).flash(images[1]).verified

"""A CMSIS pack of our own, as small as one can be: one part, its memories, and our flash algorithm as an FLM."""

import subprocess
import sys
import zipfile
from pathlib import Path

from cmsis_pack_manager import Cache

from harness.paths import shipped

VENDOR, NAME, VERSION = "Hil", "Tests_DFP", "1.0.0"
PART = "STM32L4R9ZIJx"
_SCRIPT = """
PHDRS { code PT_LOAD; data PT_LOAD; about PT_LOAD; }
SECTIONS {
    . = 0;
    PrgCode : { *(.text .text.*) . = ALIGN(4); } :code
    PrgData : { *(.bss .bss.* COMMON) } :data
    DevDscr : { KEEP(*(DevDscr)) } :about
    /DISCARD/ : { *(.ARM.*) *(.debug_*) }
}
"""
# What the CMSIS-Pack specification wants an algorithm to say of its device: 2 MB in pages of 4 KB, programmed by 1 KB.
_ABOUT = """
#include <stdint.h>
struct device {
    uint16_t version; char name[128]; uint16_t type; uint32_t base, size, page, reserved; uint8_t empty;
    uint32_t program_ms, erase_ms; uint32_t sectors[2][2];
};
__attribute__((section("DevDscr"), used)) const struct device FlashDevice = {
    0x101, "hil tests", 1, 0x08000000, 0x200000, 0x400, 0, 0xFF, 100, 400, {{0x1000, 0}, {0xFFFFFFFF, 0xFFFFFFFF}}
};
"""
_PDSC = f"""<?xml version="1.0" encoding="UTF-8"?>
<package schemaVersion="1.7.7" xmlns:xs="http://www.w3.org/2001/XMLSchema-instance">
  <vendor>{VENDOR}</vendor>
  <name>{NAME}</name>
  <description>One part, for tests</description>
  <url>http://localhost/</url>
  <releases><release version="{VERSION}" date="2026-01-01">first</release></releases>
  <devices>
    <family Dfamily="STM32L4 Series" Dvendor="STMicroelectronics:13">
      <processor Dcore="Cortex-M4" DcoreVersion="r0p1" Dfpu="SP_FPU" Dmpu="MPU" Dendian="Little-endian" Dclock="120000000"/>
      <device Dname="{PART}">
        <memory name="Flash" access="rx" start="0x08000000" size="0x200000" startup="1" default="1"/>
        <memory name="SRAM" access="rwx" start="0x20000000" size="0xA0000" init="0" default="1"/>
        <debug __dp="0" __ap="0"/>
        <algorithm name="Flash/tests.FLM" start="0x08000000" size="0x200000" RAMstart="0x20000000" RAMsize="0x4000" default="1"/>
      </device>
    </family>
  </devices>
</package>
"""


def algorithm(folder: Path) -> Path:
    """``firmware/flashalgo/stm32l4.c`` as an FLM: code and data that run wherever they are put."""
    (folder / "flm.ld").write_text(_SCRIPT)
    (folder / "about.c").write_text(_ABOUT)
    out = folder / "tests.FLM"
    subprocess.run(
        [
            sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabi", "-mcpu=cortex_m4", "-Os", "-g",
            "-ffreestanding", "-fno-lto", "-fno-sanitize=all", "-nostdlib", "-fropi", "-frwpi",
            f"-Wl,-T,{folder / 'flm.ld'}", "-Wl,-e,Init", "-o", str(out),
            str(shipped("firmware") / "flashalgo" / "stm32l4.c"), str(folder / "about.c"),
        ],
        check=True, timeout=120,
    )  # fmt: skip
    return out


def pack(folder: Path) -> Path:
    """The pack as a vendor's download."""
    out = folder / f"{VENDOR}.{NAME}.{VERSION}.pack"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"{VENDOR}.{NAME}.pdsc", _PDSC)
        archive.write(algorithm(folder), "Flash/tests.FLM")
    return out


def install(archive: Path, data_home: Path) -> Cache:
    """Put the pack where ``pyocd pack install`` puts it, and let cmsis-pack-manager read and index it."""
    cache = Cache(True, True)
    assert Path(cache.data_path).is_relative_to(data_home), "the user's own packs are none of a test's business"
    Path(cache.data_path).mkdir(parents=True)
    place = Path(cache.data_path) / VENDOR / NAME / f"{VERSION}.pack"
    place.parent.mkdir(parents=True)
    place.write_bytes(archive.read_bytes())
    description = Path(cache.data_path) / f"{VENDOR}.{NAME}.{VERSION}.pdsc"
    with zipfile.ZipFile(archive) as content:
        description.write_bytes(content.read(f"{VENDOR}.{NAME}.pdsc"))
    cache.add_pack_from_path(str(description))  # whatever its name says
    return cache

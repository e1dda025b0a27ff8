"""Compile the flash algorithms and write them where the pyOCD targets find them: ``python firmware/flashalgo/build.py``.

Run it after a change of a ``.c`` file here. A test builds them again and compares.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SOC = HERE.parents[1] / "harness" / "virtual" / "soc"
LOAD_ADDRESS = 0x20000000
_FUNCTIONS = {
    "Init": "pc_init",
    "UnInit": "pc_unInit",
    "EraseChip": "pc_eraseAll",
    "EraseSector": "pc_erase_sector",
    "ProgramPage": "pc_program_page",
}
_BREAKPOINT = 0xE7FDBE00  # bkpt #0; b . - 2: where the functions return to
_VARIABLES_BYTES, _STACK_BYTES, _PAGE_BYTES = 0x40, 0x200, 0x400
_LINKER_SCRIPT = f"""
EXTERN({" ".join(_FUNCTIONS)})
SECTIONS {{
    . = {LOAD_ADDRESS:#x} + 4;
    .text : {{ *(.text .text.* .rodata .rodata.*) . = ALIGN(4); }}
    .bss : {{ *(.bss .bss.* COMMON) }}
    /DISCARD/ : {{ *(.ARM.*) *(.data .data.*) }}
}}
"""


def compiled(source: Path) -> tuple[list[int], dict[str, int]]:
    """The words of code, as loaded from LOAD_ADDRESS on, and the address of each function with its Thumb bit."""
    from elftools.elf.elffile import ELFFile

    with tempfile.TemporaryDirectory() as folder:
        script, elf = Path(folder) / "algorithm.ld", Path(folder) / "algorithm.elf"
        script.write_text(_LINKER_SCRIPT)
        command = [sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabi", "-mcpu=cortex_m4"]
        command += [
            "-Os",
            "-g",
            "-ffreestanding",
            "-fno-lto",
            "-fno-sanitize=all",
            "-nostdlib",
            "-ffunction-sections",
            "-Wl,--gc-sections",
        ]
        command += ["-Wall", "-Wextra", "-Wconversion", "-Werror", f"-Wl,-T,{script}", "-Wl,-e,Init"]
        subprocess.run([*command, "-o", str(elf), str(source)], check=True, timeout=120)
        with elf.open("rb") as file:
            image = ELFFile(file)
            code = image.get_section_by_name(".text").data()
            symbols = {s.name: int(s["st_value"]) for s in image.get_section_by_name(".symtab").iter_symbols()}
            assert image.get_section_by_name(".bss")["sh_size"] <= _VARIABLES_BYTES
    words = [_BREAKPOINT, *struct.unpack(f"<{len(code) // 4}I", code)]
    return words, {key: symbols[name] | 1 for name, key in _FUNCTIONS.items()}


def module(source: Path) -> str:
    """The text of the Python module that holds the algorithm of ``source`` for pyOCD."""
    words, functions = compiled(source)
    variables = LOAD_ADDRESS + 4 * len(words)
    stack = -(-(variables + _VARIABLES_BYTES + _STACK_BYTES) // 0x100) * 0x100
    places = {
        "load_address": LOAD_ADDRESS,
        **functions,
        "static_base": variables,
        "begin_stack": stack,
        "end_stack": stack - _STACK_BYTES,
        "min_program_length": 8,
    }
    lines = [f'"""Written by firmware/flashalgo/build.py from {source.name}: do not edit."""', "", "ALGORITHM = {"]
    lines += [f'    "{name}": {value:#x},' for name, value in places.items()]
    lines += [f'    "page_buffers": [{stack:#x}, {stack + _PAGE_BYTES:#x}],', '    "analyzer_supported": False,']
    lines += ['    "instructions": [']
    lines += [
        "        " + ", ".join(f"0x{word:08x}" for word in words[i : i + 8]) + "," for i in range(0, len(words), 8)
    ]
    lines += ["    ],", "}  # fmt: skip", ""]
    return "\n".join(lines)


def main() -> None:
    """Write one module for each algorithm."""
    for source in sorted(HERE.glob("*.c")):
        (SOC / f"_{source.stem}_algorithm.py").write_text(module(source))


if __name__ == "__main__":
    main()

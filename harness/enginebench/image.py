"""The engine and one model as an ELF file without startup code: ``firmware/engine/bare``."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from elftools.elf.elffile import ELFFile

from harness.build.compilers import cross_compiler
from harness.disk import folders
from harness.enginebench.peers import Peer
from harness.errors import BenchError
from harness.models import objects
from harness.models.codegen import Generated, Options, generate
from harness.models.kernels import KernelSet, kernel_includes, kernel_sources
from harness.paths import shipped

CompilerName = Literal["zig", "gcc"]
_TIMEOUT_S = 300
SHARED = (
    "-std=c99",
    "-O2",
    "-ffp-contract=off",
    "-ffunction-sections",
    "-fdata-sections",
)
TARGET = {
    "zig": ("cc", "-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp", "-fno-lto", "-fno-sanitize=all"),
    "gcc": ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-fno-common"),
}


@dataclass(frozen=True)
class BareImage:
    """``text_bytes`` is code with its constants, ``weights_bytes`` the model's section, ``ram_bytes`` arena and tables."""

    elf: Path
    generated: Generated
    compiler: str
    text_bytes: int
    weights_bytes: int
    ram_bytes: int

    @property
    def flash_bytes(self) -> int:
        """Code, constants and weights."""
        return self.text_bytes + self.weights_bytes


def compiled(
    model: Path, out_dir: Path, *, kernels: KernelSet, compiler: CompilerName, peer: Peer | None = None
) -> BareImage:
    """Generate, compile and link into ``out_dir``.

    ``peer``: its functions in place of those kernels that it has, compiled as its makers ask (not freestanding, or small copies
    become calls) and with GCC's C library; dense layers then round twice, as it does.
    Raises PlanError for a model that the engine cannot run, BenchError when the compiler is missing or refuses.
    """
    found = cross_compiler(compiler)
    program = dict(found.cmake)["HIL_ZIG" if compiler == "zig" else "HIL_GCC"]
    generated = generate(model, out_dir / "generated", options=options_for(peer))
    firmware = shipped("firmware")
    engine, bare = firmware / "engine", firmware / "engine" / "bare"
    kernel_files = kernel_sources(engine, kernels)
    includes = [*kernel_includes(engine), firmware / "src"]
    flags, libraries = ["-ffreestanding"], ["-lgcc"] if compiler == "gcc" else []
    if peer is not None:
        flags, libraries = ["-DHIL_CMSIS_NN_ALONE"], ["-lc", *libraries] if compiler == "gcc" else libraries
        kernel_files = [*(path for path in kernel_files if not peer.replaced.match(path.name)), *peer.sources]
        includes += peer.includes
    if peer is None or compiler == "zig":
        kernel_files.append(firmware / "arch" / "mem.c")
        includes.append(firmware / "arch" / "include")
        flags.append("-fno-builtin-memset")
    elf = out_dir / f"{compiler}-{peer.name if peer else kernels}.elf"
    command = [program, *TARGET[compiler], *SHARED, *flags, *(f"-I{path}" for path in includes)]
    ready = shared_objects(command, kernel_files, found.version, includes, str(model))
    command += [f"-I{generated.model_c.parent}", *map(str, (bare / "bare.c", generated.model_c, *ready))]
    link = [f"-Wl,-T,{bare / 'bare.ld'}", "-nostdlib", "-Wl,--gc-sections", "-Wl,-e,hil_bare_run", *libraries]
    run([*command, *link, "-o", str(elf)], str(model))
    sizes = section_sizes(elf)
    return BareImage(
        elf=elf,
        generated=generated,
        compiler=found.version,
        text_bytes=sizes.get(".text", 0) + sizes.get(".rodata", 0) + sizes.get(".data", 0),
        weights_bytes=sizes.get(".hil_model", 0),
        ram_bytes=sizes.get(".data", 0) + sizes.get(".bss", 0),
    )


def options_for(peer: Peer | None) -> Options:
    """How a network is generated: for a peer with its rounding, and without the promises that its kernels do not give."""
    return Options(round_dense_twice=peer is not None, write_over=peer is None)


def shared_objects(
    command: list[str], sources: list[Path], version: str, includes: list[Path], model: str
) -> list[Path]:
    """What all models share, compiled once; as the twin's, below the user's cache. ``model``: for errors."""
    headers = [header for folder in includes for header in sorted(folder.rglob("*.h"))]
    salt = "".join([version, *(header.read_text("utf-8") for header in headers)])
    home = folders.made(folders.cache_path("bare"))
    try:
        return objects.compiled(command, sources, salt, home, lambda one: run(one, model))
    except OSError as error:
        raise folders.unusable(home, error) from error


def run(command: list[str], model: str) -> None:
    """Run a compiler. ``BenchError`` naming ``model`` when it cannot be run or refuses."""
    environment = folders.for_compilers()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError("the compiler could not be run", where=command[0], found=str(error)) from error
    if done.returncode:
        raise BenchError("the bare image does not compile", where=model, found=done.stderr.strip()[-2000:])


def section_sizes(elf: Path) -> dict[str, int]:
    """The bytes of each section of an ELF file."""
    with elf.open("rb") as file:
        return {section.name: section["sh_size"] for section in ELFFile(file).iter_sections()}

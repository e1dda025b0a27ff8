"""What a front end costs: its C alone, compiled for a Cortex-M4F and run under emulation, as ``measure`` does for engines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.build.compilers import cross_compiler
from harness.data.features import FrontEnd, codegen
from harness.enginebench.image import SHARED, TARGET, CompilerName, run, section_sizes, shared_objects
from harness.enginebench.processor import SINK_BASE, Cost, Processor
from harness.models.ir import Array
from harness.paths import shipped
from harness.records import Tensor

_DTYPES = {"float32": 0, "int8": 1, "uint8": 2}


@dataclass(frozen=True)
class FrontEndImage:
    """``flash_bytes``: code and tables; ``tables_bytes`` of them tables. ``ram_bytes``: what a stream is given, samples and the
    rows for the network included. The caller's own buffers and the decision rules are in none of them."""

    elf: Path
    front_end: FrontEnd
    tensor: Tensor
    compiler: str
    flash_bytes: int
    tables_bytes: int
    ram_bytes: int


class FrontEndBoard:
    """A core with a front end's stream, fresh."""

    def __init__(self, image: FrontEndImage) -> None:
        self._image = image
        self._processor = Processor(image.elf)
        self._processor.call("hil_bare_init", _DTYPES[image.tensor.dtype])

    def feed(self, samples: Array) -> None:
        """Instants [n] or [n, channels], at most up to where the window is complete."""
        raw = np.ascontiguousarray(samples, self._image.front_end.sample_dtype).view(np.uint8).reshape(-1)
        self._processor.memory("hil_bare_samples", raw.size)[:] = raw
        self._processor.call("hil_bare_feed", len(samples))

    def run(self) -> Cost:
        """Computes the complete window: its features, and what the network takes of them."""
        return self._processor.call("hil_bare_run")

    def stages(self, like: dict[str, Array]) -> dict[str, Array]:
        """Computes the complete window; its stages [values], named and typed as the host's ``like`` [N, windows, ...]."""
        self._processor.call("hil_bare_run_layers", SINK_BASE)
        found, start = {}, 0
        for name, values in like.items():
            size = values[0, 0].nbytes
            found[name] = self._processor.sink[start : start + size].copy().view(values.dtype)
            start += size
        return found

    def inputs(self) -> Array:
        """The network's input [elements]."""
        self._processor.call("hil_bare_fill", SINK_BASE)
        return self._processor.sink[: self._image.tensor.n_bytes].copy().view(self._image.tensor.dtype)


def compiled(
    front_end: FrontEnd, tensor: Tensor, out_dir: Path, *, compiler: CompilerName = "zig", optimise: str = "-O2"
) -> FrontEndImage:
    """Generate, compile and link into ``out_dir``. ``PlanError`` where they do not fit, ``BenchError`` when the compiler fails."""
    found = cross_compiler(compiler)
    program = dict(found.cmake)["HIL_ZIG" if compiler == "zig" else "HIL_GCC"]
    generated, _ = codegen.generate(front_end, out_dir, tensor)
    firmware = shipped("firmware")
    engine, front_ends = firmware / "engine", firmware / "frontend"
    includes = [*(firmware / name for name in ("frontend", "src", "engine", "engine/fast", "arch/include"))]
    flags = [*(flag for flag in SHARED if not flag.startswith("-O")), optimise, "-g"]
    command = [program, *TARGET[compiler], *flags, "-ffreestanding", "-fno-builtin-memset"]
    command += [f"-I{path}" for path in includes]
    sources = [*sorted(front_ends.glob("*.c")), firmware / "arch" / "mem.c"]
    ready = shared_objects(command, sources, found.version, includes, front_end.name)
    elf = out_dir / f"{compiler}{optimise}.elf"
    command += [f"-I{out_dir}", *map(str, (front_ends / "bare" / "bare.c", generated, *ready))]
    kept = [f"-Wl,-u,{name}" for name in ("hil_bare_feed", "hil_bare_fill")]
    link = [f"-Wl,-T,{engine / 'bare' / 'bare.ld'}", "-nostdlib", "-Wl,--gc-sections", "-Wl,-e,hil_bare_run", *kept]
    run([*command, *link, *(["-lgcc"] if compiler == "gcc" else []), "-o", str(elf)], front_end.name)
    sizes = section_sizes(elf)
    return FrontEndImage(
        elf=elf,
        front_end=front_end,
        tensor=tensor,
        compiler=found.version,
        flash_bytes=sizes.get(".text", 0) + sizes.get(".rodata", 0) + sizes.get(".data", 0),
        tables_bytes=sum(table.nbytes for table in front_end.tables.values()),
        ram_bytes=codegen.stream_bytes(front_end, tensor),
    )

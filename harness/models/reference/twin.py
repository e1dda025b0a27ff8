"""The golden twin: the C that runs on the board, compiled for this host. Equals the board bit for bit, float included.

Libraries are kept in the user's cache under the hash of everything that went into them: a model is compiled once. Two
processes that build the same one at the same time each build their own and the last rename wins: both are the same.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import version as installed_version
from pathlib import Path

import numpy as np

from harness.disk import files, folders
from harness.disk.scratch import scratch
from harness.errors import HarnessBug, HostError
from harness.models.codegen import DEFAULTS, KEEPING, Options, generate, plan_layout
from harness.models.codegen.emit import ENGINE_VERSION
from harness.models.codegen.layout import Layout
from harness.models.kernels import KernelSet, kernel_includes, kernel_sources
from harness.models.objects import compiled
from harness.models.reference.base import Array, Inputs, checked_all, joined
from harness.paths import shipped
from harness.records import Tensor

COMPILER_VARIABLE = "HIL_TWIN_CC"  # "zig" (default) or the name of a gcc-like compiler
_COMPILE_TIMEOUT_S = 300.0
# No contraction into FMA: the target has to give the same bits.
_FLAGS = ("-std=c11", "-O2", "-ffp-contract=off", "-fvisibility=hidden", "-shared")
_ZIG_FLAGS = ("-fno-sanitize=all", "-mcpu=baseline")
_RUN_LOCK = threading.Lock()


class Twin:
    """Runs generated code through ctypes.

    ``compiler`` is "zig" or a gcc-like command; by default what the variable HIL_TWIN_CC says, else "zig". The plain kernels
    are the truth; the fast ones, here without the instructions they are made for, must give the same bits. ``follows``, with
    ``KEEPING``: whether each sample of ``run`` goes on from the memory of the one before it; all do if it is not given.
    """

    def __init__(
        self,
        compiler: str | None = None,
        options: Options = DEFAULTS,
        kernels: KernelSet = "plain",
        follows: Sequence[bool] | None = None,
    ) -> None:
        self._compiler = compiler or os.environ.get(COMPILER_VARIABLE, "zig")
        self._options = options
        self._kernels: KernelSet = kernels
        self._follows = follows

    @property
    def engine(self) -> str:
        """What computes."""
        return "twin"

    @property
    def version(self) -> str:
        """Of generator and kernels."""
        return ENGINE_VERSION

    @property
    def reads(self) -> tuple[str, ...]:
        """See ``Reference.reads``."""
        return (".tflite",)

    def inputs(self, model: Path) -> tuple[Tensor, ...]:
        """See ``Reference.inputs``."""
        return _records(plan_layout(model, options=self._options))

    def run(self, model: Path, inputs: Inputs) -> Array:
        """See ``Reference.run``. BenchError when no compiler works."""
        layout = plan_layout(model, options=self._options)
        raw, _ = self._call(model, layout, inputs, with_layers=False)
        ends = np.cumsum([t.n_bytes for t in layout.outputs])
        return joined(
            [raw[:, end - t.n_bytes : end].copy().view(t.dtype) for t, end in zip(layout.outputs, ends, strict=True)]
        )

    def run_layers(self, model: Path, inputs: Inputs) -> dict[int, Array]:
        """See ``Reference.run_layers``; tensors that fusing or folding removed are absent."""
        layout = plan_layout(model, options=self._options)
        _, raw = self._call(model, layout, inputs, with_layers=True)
        layers, start = {}, 0
        for kernel in layout.kernels:
            tensor = layout.result(kernel)
            layers[tensor.index] = raw[:, start : start + tensor.n_bytes].copy().view(tensor.dtype)
            start += tensor.n_bytes
        return layers

    def _call(self, model: Path, layout: Layout, inputs: Inputs, *, with_layers: bool) -> tuple[Array, Array]:
        arrays = checked_all(inputs, _records(layout), str(model))
        sizes = [t.n_bytes for t in layout.inputs]  # said, because -1 is ambiguous for no samples
        rows = np.concatenate(
            [a.reshape(-1).view(np.uint8).reshape(len(a), n) for a, n in zip(arrays, sizes, strict=True)], axis=1
        )
        outputs = np.zeros((len(rows), sum(t.n_bytes for t in layout.outputs)), np.uint8)
        per_row = sum(layout.result(k).n_bytes for k in layout.kernels) if with_layers else 0
        layers = np.zeros((len(rows), per_row), np.uint8)
        library = _loaded(str(built(model, self._compiler, self._options, self._kernels)))
        with _RUN_LOCK:  # a library has one arena
            status = 0
            for some in self._sequences(len(rows)):  # each call starts the engine
                status = status or library.hil_twin_run(
                    rows[some].ctypes.data,
                    outputs[some].ctypes.data,
                    layers[some].ctypes.data if with_layers else None,
                    len(rows[some]),
                )
        if status:
            raise HarnessBug("the golden twin refused to run", where=str(model), found=f"engine error {status}")
        return outputs, layers

    def _sequences(self, n: int) -> list[slice]:
        """What runs in one go."""
        starts = [0, *(i for i in range(1, n) if self._follows is not None and not self._follows[i])]
        return [slice(start, end) for start, end in zip(starts, [*starts[1:], n], strict=True)]


def reference() -> Twin:
    """For ``load``."""
    return Twin()


def keeping(follows: Sequence[bool]) -> Twin:
    """For ``load``: with a memory that goes on where ``follows`` says so."""
    return Twin(options=KEEPING, follows=follows)


def cache_dir() -> Path:
    """Where libraries are kept. ``BenchError`` when the user has no home."""
    return folders.cache_path("twin")


def built(model: Path, compiler: str = "zig", options: Options = DEFAULTS, kernels: KernelSet = "plain") -> Path:
    """The shared library of a model, from the cache or compiled now.

    Raises PlanError for a model that cannot be translated, BenchError when the compiler is missing or fails.
    """
    engine = shipped("firmware") / "engine"
    twin, sources = engine / "host" / "twin.c", kernel_sources(engine, kernels)
    headers = [h for folder in kernel_includes(engine) for h in sorted(folder.glob("*.h"))]
    headers.append(shipped("firmware") / "src" / "engine.h")
    home = folders.made(cache_dir())
    try:
        return _built(model, compiler, options, home, twin, sources, headers)
    except OSError as error:
        raise folders.unusable(home, error) from error


def _built(
    model: Path, compiler: str, options: Options, home: Path, twin: Path, sources: Sequence[Path], headers: list[Path]
) -> Path:
    engine = shipped("firmware") / "engine"
    with scratch("build-", home) as place:
        generated = generate(model, place, name="twin", options=options)
        parts = [generated.model_c, generated.model_h, twin, *sources, *headers]
        command = _command(compiler)
        digest = hashlib.sha256()
        for part in (*command, *_FLAGS, _compiler_version(compiler), *(f.read_text("utf-8") for f in parts)):
            digest.update(hashlib.sha256(part.encode()).digest())
        library = home / f"{digest.hexdigest()[:32]}{_suffix()}"
        if not files.intact(library):  # a damaged one would be loaded into this process
            fresh = place / library.name
            includes = [f"-I{folder}" for folder in (place, *kernel_includes(engine), shipped("firmware") / "src")]
            shared = [*command, *_FLAGS, *includes[1:]]
            salt = "".join([_compiler_version(compiler), *(header.read_text("utf-8") for header in headers)])
            objects = compiled([f for f in shared if f != "-shared"], sources, salt, home, _compile)
            own = [str(generated.model_c), str(twin), *map(str, objects)]
            _compile([*shared, includes[0], *own, "-o", str(fresh)])
            files.keep(fresh, library)
    return library


def _records(layout: Layout) -> tuple[Tensor, ...]:
    return tuple(Tensor(t.name, t.shape, t.dtype) for t in layout.inputs)  # type: ignore[arg-type]


def _command(compiler: str) -> list[str]:
    if compiler == "zig":
        return [sys.executable, "-m", "ziglang", "cc", *_ZIG_FLAGS]
    return [compiler, "-fPIC"]


@cache
def _compiler_version(compiler: str) -> str:
    if compiler == "zig":
        return installed_version("ziglang")
    return _compile([compiler, "--version"])


def _compile(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_COMPILE_TIMEOUT_S,
            check=False,
            env=folders.for_compilers(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostError(
            "the host compiler for the golden twin did not run",
            where=" ".join(command[:4]),
            found=str(error),
            next_step=f"pip install 'ziglang<0.16', or set {COMPILER_VARIABLE} to a gcc-like compiler",
        ) from error
    if done.returncode:
        raise HostError(
            "the golden twin did not compile", where=" ".join(command[:4]), found=done.stderr.strip()[-2000:]
        )
    return done.stdout


def _suffix() -> str:
    return {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")


@lru_cache(maxsize=64)
def _loaded(path: str) -> ctypes.CDLL:
    library = ctypes.CDLL(path)
    library.hil_twin_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32]
    library.hil_twin_run.restype = ctypes.c_int32
    return library

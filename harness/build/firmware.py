"""``build``: board + generated model -> an ELF that is known by what it was made from."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.build import elf as elf_file
from harness.build.budget import Budget, memory_budget
from harness.build.cmake import TIMEOUT_S, run_cmake
from harness.build.compilers import Choice, Compiler, cross_compiler, host_compiler
from harness.build.engines import ExternalEngine
from harness.build.inputs import BuildBoard, BuildModel
from harness.disk import files, folders
from harness.disk.cache import cached_file
from harness.models.kernels import KernelSet, default_set
from harness.paths import shipped

_SOURCES = ("*.c", "*.h", "*.ld", "*.cmake", "CMakeLists.txt", "board.toml", "model.json")
MODEL_JSON = "model.json"


@dataclass(frozen=True)
class FirmwareImage:
    """A built image and what it takes.

    ``flash_bytes`` is what is written to flash, ``ram_bytes`` everything in RAM, the ``stack_bytes`` reserved among
    it; ``sections`` maps names to sizes in bytes. ``build_id`` is 40 hexadecimal digits: the same inputs give the
    same id and the same bytes. ``protocol`` is the wire's version, ``slots`` the number of input slots.
    ``model_json`` is the layer table of the model, None for an image that has none beside it.
    """

    elf: Path
    build_id: str
    compiler: str
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    sections: dict[str, int]
    model_sha256: str
    engine: str
    board: str
    protocol: int
    slots: int
    model_json: Path | None = None


def build(
    board_dir: Path,
    generated_dir: Path,
    *,
    compiler: Choice = "auto",
    slots: int | None = None,
    engine: ExternalEngine | None = None,
    kernels: KernelSet | None = None,
    out: Path | None = None,
    cache_dir: Path | None = None,
    timeout_s: float = TIMEOUT_S,
) -> FirmwareImage:
    """The firmware of a board with a model.

    ``board_dir`` holds board.toml and board.c, ``generated_dir`` model.c, model.h and model.json. An image built
    before from the same sources, sizes and compiler is returned from ``cache_dir`` (the user's cache by default);
    ``out`` gets a copy, with the layer table beside it. ``slots`` overrides the number of input slots that the RAM
    budget gives, ``kernels`` the kernel set that suits the board's core; the bits that come out are the same. Raises
    PlanError when the model does not fit flash or RAM or a description is wrong, BenchError when the compiler is missing,
    refuses the sources or is not done after ``timeout_s``. After a failure neither ``out`` nor the cache has changed.
    """
    board, model = BuildBoard.load(board_dir), BuildModel.load(generated_dir)
    budget = memory_budget(board, model, slots=slots)
    chosen = cross_compiler(compiler)
    return _built(board_dir, generated_dir, board, model, budget, kernels, chosen, out, cache_dir, engine, timeout_s)


def native(
    generated_dir: Path,
    *,
    sanitize: bool = False,
    slots: int | None = None,
    engine: ExternalEngine | None = None,
    kernels: KernelSet | None = None,
    cache_dir: Path | None = None,
) -> FirmwareImage:
    """The same server and engine as a program for this host.

    It speaks the wire on stdin and stdout, or on a pty given as its argument. ``sanitize`` compiles with address and
    undefined-behaviour sanitizers, which needs gcc or clang. Errors as ``build``.
    """
    board_dir = shipped("firmware") / "boards" / "native"
    board, model = BuildBoard.load(board_dir), BuildModel.load(generated_dir)
    budget = memory_budget(board, model, slots=slots)
    return _built(
        board_dir,
        generated_dir,
        board,
        model,
        budget,
        kernels,
        host_compiler(sanitize=sanitize),
        None,
        cache_dir,
        engine,
    )


def _built(
    board_dir: Path,
    generated_dir: Path,
    board: BuildBoard,
    model: BuildModel,
    budget: Budget,
    kernels: KernelSet | None,
    compiler: Compiler,
    out: Path | None,
    cache_dir: Path | None,
    engine: ExternalEngine | None,
    timeout_s: float = TIMEOUT_S,
) -> FirmwareImage:
    firmware_dir = shipped("firmware")
    sizes = _config(board, budget, kernels or default_set(board.core), stream=model.stream)
    build_id = _build_id(firmware_dir, board_dir, generated_dir, sizes, compiler, engine)

    def make(scratch: Path) -> Path:
        # The model is copied in so that a run of the generator meanwhile cannot mix two models in one image.
        generated = scratch / "generated"
        generated.mkdir()
        for source in _sources(generated_dir):
            shutil.copyfile(source, generated / source.name)
        places = {
            "HIL_BOARD_DIR": board_dir.resolve(),
            "HIL_GENERATED_DIR": generated,
            "HIL_ENGINE_DIR": firmware_dir / "engine",
        }
        if engine is not None:
            places["HIL_SDK_DIR"] = engine.sdk_dir
        config = "".join(f"set({name} [[{path.as_posix()}]])\n" for name, path in places.items())
        if engine is not None:
            config += f"set(HIL_EXTERNAL_ENGINE {engine.name})\n"
        config += sizes + f'list(APPEND HIL_DEFINES [[HIL_BUILD_ID="{build_id}"]])\n'
        linked = run_cmake(
            firmware_dir,
            scratch,
            config,
            compiler,
            what=f"firmware of {board.name} with model {model.name}",
            region_bytes={"FLASH": board.flash_bytes, "RAM": board.ram_bytes},
            timeout_s=timeout_s,
        )
        elf_file.seal(linked)
        return linked

    elf = cached_file(cache_dir or folders.cache_path("firmware"), build_id, "firmware.elf", make)
    # Its content is part of the build id: what lies there belongs to this image.
    cache = cache_dir or folders.cache_path("firmware")
    table = cached_file(cache, build_id, MODEL_JSON, lambda scratch: _copied(generated_dir, scratch))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        files.replace(out, elf.read_bytes())
        files.replace(model_json_beside(out), table.read_bytes())
        table = model_json_beside(out)
    return _image(out or elf, board, budget, compiler, table)


def model_json_beside(elf: Path) -> Path:
    """Where the layer table of an image lies that was copied out of the cache: ``fw.elf`` -> ``fw.model.json``."""
    return elf.with_suffix(f".{MODEL_JSON}")


def _copied(generated_dir: Path, scratch: Path) -> Path:
    return Path(shutil.copyfile(generated_dir / MODEL_JSON, scratch / MODEL_JSON))


def _image(elf: Path, board: BuildBoard, budget: Budget, compiler: Compiler, table: Path) -> FirmwareImage:
    identity = elf_file.verify_identity(elf)
    found = elf_file.sections(elf)
    return FirmwareImage(
        elf=elf,
        build_id=identity.build_id,
        compiler=compiler.version,
        flash_bytes=sum(section.n_bytes for section in found if section.in_flash),
        ram_bytes=sum(section.n_bytes for section in found if section.in_ram),
        stack_bytes=board.stack_bytes,
        sections={section.name: section.n_bytes for section in found},
        model_sha256=identity.model_sha256,
        engine=identity.engine,
        board=identity.board,
        protocol=identity.protocol,
        slots=budget.slots,
        model_json=table,
    )


def _config(board: BuildBoard, budget: Budget, kernels: KernelSet, *, stream: bool = False) -> str:
    """The part of config.cmake that goes into the build id: everything but paths and the id."""
    defines = {
        "HIL_BOARD": f'"{board.name}"',
        "HIL_BAUD": f"{board.baud}u",
        "HIL_BAUDS": ",".join(f"{baud}u" for baud in board.bauds),
        "HIL_SLOTS": f"{budget.slots}u",
        "HIL_CHUNK_BYTES": f"{budget.chunk_bytes}u",
        "HIL_MAX_FRAME": f"{budget.frame_bytes}u",
        "HIL_RX_RING": f"{budget.rx_ring_bytes}u",
        "HIL_TX_RING": f"{budget.tx_ring_bytes}u",
    }
    values = {
        "HIL_CORE": board.core,
        "HIL_KERNELS": kernels,
        "HIL_FLASH_ORIGIN": f"0x{board.flash_origin:08x}",
        "HIL_FLASH_BYTES": board.flash_bytes,
        "HIL_RAM_ORIGIN": f"0x{board.ram_origin:08x}",
        "HIL_RAM_BYTES": board.ram_bytes,
        "HIL_STACK_BYTES": board.stack_bytes,
    }
    if stream:
        values["HIL_STREAM"] = 1
    lines = [f"set({name} {value})" for name, value in values.items()]
    lines.append("set(HIL_DEFINES " + " ".join(f"[[{name}={value}]]" for name, value in defines.items()) + ")")
    return "\n".join(lines) + "\n"


def _build_id(
    firmware_dir: Path,
    board_dir: Path,
    generated_dir: Path,
    config: str,
    compiler: Compiler,
    engine: ExternalEngine | None,
) -> str:
    """40 hexadecimal digits of a SHA-256 over every input of the build, by name and content; no path of the
    machine."""
    digest = hashlib.sha256()
    flags = [value for name, value in compiler.cmake if name.endswith("FLAGS")]
    for text in (config, compiler.name, compiler.version, *flags):
        digest.update(f"{len(text)}:{text}".encode())
    folders = {
        "firmware": _sources(firmware_dir),
        "arch": _sources(firmware_dir / "arch", recursive=True),
        "src": _sources(firmware_dir / "src", recursive=True),
        "engine": _sources(firmware_dir / "engine"),
        "engine/fast": _sources(firmware_dir / "engine" / "fast"),
        "board": _sources(board_dir),
        "generated": _sources(generated_dir),
    }
    if "set(HIL_STREAM 1)" in config:
        folders["frontend"] = _sources(firmware_dir / "frontend")
    named = [(f"{folder}/{file.name}", file) for folder, files in folders.items() for file in files]
    for name, file in [*named, *(engine.files() if engine is not None else ())]:
        content = file.read_bytes()
        digest.update(f"{name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()[:40]


def _sources(folder: Path, *, recursive: bool = False) -> list[Path]:
    """The files of a folder that a build may read, in an order that does not depend on the machine."""
    found = (path for pattern in _SOURCES for path in (folder.rglob(pattern) if recursive else folder.glob(pattern)))
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())

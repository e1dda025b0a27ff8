"""What goes onto the board: a model and the image built from it, checked before anything is flashed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from harness import build
from harness.bench.boards import Board
from harness.bench.identity import Claim, check_board, check_claim
from harness.bench.probes import FlashReport
from harness.build import FirmwareImage
from harness.build.budget import check_fit
from harness.build.cmake import TIMEOUT_S
from harness.build.engines import ExternalEngine
from harness.build.image import check_fits, read_image
from harness.build.inputs import BuildBoard
from harness.disk.scratch import scratch
from harness.errors import DeviceError, HostError, MisuseError
from harness.models import layertable
from harness.models.codegen import for_boards, generate, plan_layout
from harness.models.codegen.emit import ENGINE_NAME
from harness.models.codegen.external import generate_external
from harness.models.layertable import LayerTable
from harness.models.metadata import Model
from harness.records import FirmwareFacts, Tensor
from harness.run.options import Compiler, RunOptions
from harness.run.played import config
from harness.run.played.playing import Playing
from harness.wire.messages import PROTOCOL


@dataclass(frozen=True)
class Product:
    """A model with the image that carries it."""

    model: Model
    image: FirmwareImage
    elf_sha256: str
    playing: Playing | None = None  # the recordings that the firmware is built for
    given: bool = False  # by hand: not built here

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What a sample is made of, as hello tells it."""
        return self.model.inputs if self.playing is None else self.playing.inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """What its result is made of."""
        return self.model.outputs if self.playing is None else self.playing.outputs(self.model.outputs)

    def layer_table(self) -> LayerTable | None:
        """What the image's layers are; None when it is not known: an engine that brings its own network.

        From the table beside the image when it is of this model, else as this harness would generate it: a board whose
        layers are others then shows by their number and sizes.
        """
        beside = None if self.image.model_json is None else layertable.read(self.image.model_json)
        if beside is not None and beside.model_sha256 == self.image.model_sha256:
            return beside if beside.layers else None
        if self.image.engine != ENGINE_NAME:
            return None
        with scratch() as folder:
            return layertable.read(generate(self.model.path, folder).model_json)

    def facts(self, flashed: FlashReport | None) -> FirmwareFacts:
        """For the record. ``flashed`` None = not by us, so nothing was read back either."""
        return FirmwareFacts(
            elf_sha256=self.elf_sha256,
            model_sha256=self.image.model_sha256,
            engine=self.image.engine,
            build_id=self.image.build_id,
            flash_bytes=self.image.flash_bytes,
            ram_bytes=self.image.ram_bytes,
            flash_s=flashed.duration_s if flashed else None,
            verified=flashed is not None and flashed.verified,
            compiler=self.image.compiler,
            given=self.given,
        )


def build_product(
    model: Model,
    board: Board,
    *,
    compiler: Compiler = "auto",
    out: Path | None = None,
    engine: ExternalEngine | None = None,
    timeout_s: float = TIMEOUT_S,
    playing: Playing | None = None,
) -> Product:
    """Check, generate, compile. ``PlanError`` when it cannot fit: before any compiler runs; ``BenchError`` when that fails

    or is not done after ``timeout_s``, the plan's ``timeouts.build_s``. An image that was built before takes no time.
    """
    with scratch() as folder:
        if engine is not None and engine.own_network:
            generate_external(
                folder,
                name=model.name,
                model_sha256=model.sha256,
                engine=engine.name,
                inputs=model.inputs,
                outputs=model.outputs,
                model_file=model.path.read_bytes() if engine.interprets else None,
            )
        else:
            check_fit(plan_layout(model.path, name=model.name), BuildBoard.load(board.folder))
            generate(model.path, folder, options=replace(for_boards(model.path), write_over=engine is None))
        if playing is not None:
            config.write(playing, model, folder)
        try:
            image = build.build(board.folder, folder, compiler=compiler, out=out, engine=engine, timeout_s=timeout_s)
            return replace(_checked(model, board, image), playing=playing)
        except DeviceError as error:
            # Nobody but us has had it in hands.
            raise HostError(
                "the image that was built is not what it should be: the cache or the compiler is damaged",
                where=error.where,
                expected=error.expected,
                found=f"{error.what}: {error.found}",
                next_step="remove the build cache (`hil doctor` names it) and build again",
            ) from error


def product_for(
    model: Model, board: Board, options: RunOptions, timeout_s: float, playing: Playing | None = None
) -> Product:
    """The image that the options name, else one that is built: errors as ``read_product`` or ``build_product``."""
    if options.firmware is not None:
        return replace(read_product(model, board, options.firmware), playing=playing)
    return build_product(model, board, compiler=options.compiler, timeout_s=timeout_s, playing=playing)


def read_product(model: Model, board: Board, elf: Path) -> Product:
    """An image that was given by hand. ``MisuseError`` when it is not this board's or this model's, damaged, or none at all."""
    image = read_board_image(board, elf)
    with _given_by_hand():
        return replace(_checked(model, board, image), given=True)


def read_board_image(board: Board, elf: Path) -> FirmwareImage:
    """An image for this board, whatever its model. Errors as ``read_product``."""
    if not elf.is_file():
        raise MisuseError(
            "there is no such firmware image", where=str(elf), next_step="`hil build PLAN --board B -o FILE`"
        )
    with _given_by_hand():
        image = read_image(elf)
        check_board(_claim(image), source=_source(image), protocol=PROTOCOL, board=board.name)
    check_fits(image, flash_bytes=board.memory.flash_bytes, ram_bytes=board.memory.ram_bytes)
    return image


@contextmanager
def _given_by_hand() -> Iterator[None]:
    """What is wrong with a file is the mistake of who named it, whatever its contents might do on a board."""
    try:
        yield
    except DeviceError as error:
        raise MisuseError(
            error.what, where=error.where, expected=error.expected, found=error.found, next_step=error.next_step
        ) from error


def _claim(image: FirmwareImage) -> Claim:
    return Claim(image.protocol, image.board, image.build_id, image.model_sha256)


def _source(image: FirmwareImage) -> str:
    return f"identity section of {image.elf.name}"


def _checked(model: Model, board: Board, image: FirmwareImage) -> Product:
    check_claim(
        _claim(image),
        source=_source(image),
        protocol=PROTOCOL,
        board=board.name,
        model_name=model.name,
        model_sha256=model.sha256,
        inputs=model.inputs,
        outputs=model.outputs,
    )
    check_fits(image, flash_bytes=board.memory.flash_bytes, ram_bytes=board.memory.ram_bytes)
    return Product(model, image, hashlib.sha256(image.elf.read_bytes()).hexdigest())

"""From an open unit to one that is ready to stream: flashed, read back, reset, and who it says it is."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench.identity import Claim, check_claim
from harness.bench.probes import FlashReport
from harness.bench.unit import Unit
from harness.clock import Clock
from harness.errors import DeviceError
from harness.records import DType, Tensor
from harness.run.arrival import arrive
from harness.run.product import Product
from harness.run.watch import Step, Watch
from harness.session.pump import Tap
from harness.session.remote.opening import session_with
from harness.session.verbs import Session
from harness.wire.encodings import Wish
from harness.wire.messages import PROTOCOL, Hello, TensorSpec

_DTYPES: tuple[DType, ...] = ("float32", "int8", "uint8", "int16", "int32")  # by the wire's numbers (SPEC.md)

SILENT_ROUNDS = 5  # so often the wire asks before a board counts as silent (SPEC.md, Loss)


@dataclass(frozen=True)
class Live:
    """A unit that runs the right firmware. ``flashed`` is None when flashing was skipped."""

    session: Session
    hello: Hello
    flashed: FlashReport | None
    warnings: tuple[str, ...] = ()

    def told(self) -> tuple[str, ...]:
        """What a reader of the record must know of how it came up."""
        if self.flashed is None or not self.flashed.recovery:
            return self.warnings
        return (*self.warnings, f"flashing: {self.flashed.recovery}")


def bring_up(
    unit: Unit,
    product: Product,
    *,
    clock: Clock,
    skip_flash: bool,
    flash_timeout_s: float,
    hello_timeout_s: float,
    silence_s: float,
    watch: Watch,
    encoding: Wish = "auto",
    tap: Tap | None = None,
    tap_tx: bool = True,
) -> Live:
    """Flash (unless told not to), reset, say hello, compare: the unit that answers is the one at the probe.

    ``encoding``, ``tap`` and ``tap_tx`` are the session's. ``silence_s``: how long a board that owes an answer may be without
    any sign of life; waiting is by the unit's own clock, ``clock`` is the wall's.

    ``BenchError`` from the probe or the port, and when another board answers; ``DeviceError`` when the board is silent or is not
    what the ELF says it is.
    """
    flashed = None
    if not skip_flash:
        watch(Step("flash", note=f"{product.image.flash_bytes} bytes to {unit.uid}"))
        flashed = unit.probe.flash(
            product.image.elf, lambda share: watch(Step("flash", share)), timeout_s=flash_timeout_s
        )
        unit.read_back = flashed.verified
    watch(Step("hello"))
    session = session_with(
        unit, encoding=encoding, answer_timeout_s=silence_s / SILENT_ROUNDS, tap=tap, tap_tx=tap_tx, wall=clock
    )
    hello, warnings = arrive(unit, session, hello_timeout_s, flashed=flashed is not None)
    check_hello(hello, product, unit)
    if product.playing is not None:
        product.playing.check(session.front_end(), f"unit {unit.uid}")
    return Live(session, hello, flashed, warnings)


def check_hello(hello: Hello, product: Product, unit: Unit) -> None:
    """The board's own word against the image and the model. ``DeviceError`` names both sides."""
    check_claim(
        Claim(
            hello.protocol,
            hello.board,
            hello.build_id,
            hello.model_sha256.hex(),
            [_tensor(spec) for spec in hello.inputs],
            [_tensor(spec) for spec in hello.outputs],
        ),
        source=f"hello from unit {unit.uid}",
        protocol=PROTOCOL,
        board=unit.board.name,
        model_name=product.model.name,
        model_sha256=product.model.sha256,
        inputs=product.inputs,
        outputs=product.outputs,
        build_id=product.image.build_id,
    )


def _tensor(spec: TensorSpec) -> Tensor:
    if spec.dtype >= len(_DTYPES):
        raise DeviceError(
            "hello names an unknown dtype",
            where=f"tensor {spec.name!r}",
            expected=f"0..{len(_DTYPES) - 1}",
            found=spec.dtype,
            next_step="the firmware's wire is not this harness's: build it again",
        )
    return Tensor(spec.name, tuple(spec.dims), _DTYPES[spec.dtype], spec.scale, spec.zero_point)

"""Is it the firmware, the model and the board that the plan means? Asked of the ELF before flashing, of hello after it.

Pure comparisons: what is expected and what was found come in, a ``DeviceError`` naming both sides goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import DeviceError, TakenError
from harness.records import Tensor


@dataclass(frozen=True)
class Claim:
    """What a firmware says of itself, in its ELF or in hello. ``inputs``/``outputs`` are None where it does not say."""

    protocol: int
    board: str
    build_id: str
    model_sha256: str  # 64 hexadecimal digits
    inputs: Sequence[Tensor] | None = None
    outputs: Sequence[Tensor] | None = None


def check_board(claim: Claim, *, source: str, protocol: int, board: str) -> None:
    """Whether a firmware is for this harness and this board, whatever its model. ``DeviceError`` naming both sides."""
    _same(
        "the firmware speaks another version of the wire",
        source,
        protocol,
        claim.protocol,
        "build it again with this harness",
    )
    _same("the firmware was built for another board", source, board, claim.board, "build it with `hil build --board`")


def check_claim(
    claim: Claim,
    *,
    source: str,
    protocol: int,
    board: str,
    model_name: str,
    model_sha256: str,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    build_id: str | None = None,
) -> None:
    """Compare a firmware's claim with what the plan needs. ``source`` is where the claim stands, for the message.

    ``build_id`` None accepts any. Raises ``DeviceError`` for the first difference; nothing has been streamed then.
    """
    check_board(claim, source=source, protocol=protocol, board=board)
    if claim.model_sha256 != model_sha256:
        raise DeviceError(
            "the firmware carries another model",
            where=source,
            expected=f"model {model_name}, sha256 {model_sha256}",
            found=f"sha256 {claim.model_sha256}",
            next_step="build the firmware from this model (`hil build`), or name the other model in the plan",
        )
    if build_id is not None:
        _same(
            "the board runs another build than the one it should",
            source,
            build_id,
            claim.build_id,
            "flash it again (leave out --skip-flash)",
        )
    for kind, expected, found in (("input", inputs, claim.inputs), ("output", outputs, claim.outputs)):
        if found is None:
            continue
        if len(expected) != len(found):
            raise DeviceError(
                f"the firmware has another number of {kind}s", where=source, expected=len(expected), found=len(found)
            )
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            if not _alike(one, other):
                raise DeviceError(
                    f"{kind} {index} of the firmware is not the model's",
                    where=source,
                    expected=one.describe(),
                    found=other.describe(),
                    next_step="build the firmware from this model",
                )


def known_id(raw: bytes) -> bytes:
    """A chip's unique id, b"" when it is none: memory that is erased, or not there, reads all alike."""
    return b"" if len(set(raw)) <= 1 and raw[:1] in (b"", b"\0", b"\xff") else raw


def same_chip(found: bytes, expected: str, uid: str, board: str) -> None:
    """``BenchError`` unless the chip at the probe ``uid`` is the one that the bench file names, in hexadecimal.

    A chip without an id of its own cannot be another one.
    """
    if found and found.hex() != expected:
        raise TakenError(
            f"another board sits at the probe of unit {uid} than the bench file says; nothing was written to it",
            where=f"unit {uid}, {board}",
            expected=f"chip {expected} (`chip` in the bench file)",
            found=f"chip {found.hex()}",
            next_step="put the board back, or let `hil discover --write FILE` note the one that is there now",
        )


def _same(what: str, where: str, expected: object, found: object, next_step: str) -> None:
    if expected != found:
        raise DeviceError(what, where=where, expected=expected, found=found, next_step=next_step)


def _alike(one: Tensor, other: Tensor) -> bool:
    # Names are left out: exporters rename tensors. Scales travel as float32.
    return (
        one.shape == other.shape
        and one.dtype == other.dtype
        and one.zero_point == other.zero_point
        and abs(one.scale - other.scale) <= 1e-6 * abs(one.scale)
    )

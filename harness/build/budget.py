"""How the board's RAM is shared out: input slots, kept results, the receive ring. Pure arithmetic.

The sizes are fixed at build time so that an image that does not fit is refused before it is flashed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.build.inputs import BuildBoard, BuildModel
from harness.errors import MisuseError
from harness.models.codegen.budget import Use, estimate, too_large
from harness.models.codegen.layout import Layout

#: Two overlap reception with inference. Eight ride out a few adapters' delays; more only help samples so small that those
#: of one round trip outnumber eight, see ``useful_slots``.
MIN_SLOTS, ENOUGH_SLOTS, MAX_SLOTS = 2, 8, 32
#: Encodings make samples shorter, images of digits to a quarter. Then more are in a round trip, and several share a frame, a
#: quarter of the slots at most: by ``hil bench-link`` samples of 784 bytes use 0.96 of the line with sixteen, 0.945 with eight.
BATCH_SLOTS, _SHRINKS_TO = 16, 1 / 4
#: An FTDI adapter holds an answer back for 16 ms, the host's next bytes may wait as long.
_ROUND_TRIP_S = 0.032
#: Large enough that the 16 bytes of frame and header hardly count, small enough to send again. By ``hil bench-link`` at 115200
#: baud, samples of 27,648 bytes: 2048 gain 0.8 % on a clean line with noise and 2 % with photographs, but a byte error in 100,000
#: costs 2.8 % instead of 1.4 %, and one in 10,000 costs 19 % instead of 10 %; 4096 miss the promise of 5 % at the former.
MAX_CHUNK_BYTES = 1024
MIN_RX_RING, MIN_TX_RING, MAX_TX_RING = 4096, 1024, 8192
#: RAM of the firmware itself (frame buffer, encoder, fault report, ...) beside the buffers counted here:
#: 2.8 KB as linked by zig 0.15.2, and some to spare.
_FIRMWARE_BYTES = 3136
#: Flash of the firmware without engine and model, rounded up from zig's images (gcc's are smaller); a test compares.
_FIRMWARE_FLASH_BYTES = 17_000
_SLOT_BOOKKEEPING_BYTES = 64
#: type, seq, crc, and sample, offset, encoding of a CHUNK; RESULT has 33; one delimiter.
_CHUNK_FRAME_BYTES = 16
_RESULT_FRAME_BYTES = 33
#: What a board takes before HELLO anyway; two whole chunks in one frame save 0.7 % of the line, of photographs 1 %, and cost
#: 1 KB. Four save 0.3 % more, and lose that where a byte in 10,000 is damaged.
_LEAST_FRAME_BYTES, _FRAME_CHUNKS = 512, 2
#: type, seq, crc, sample and chunk of CHUNKS, and what it says of each chunk.
_CHUNKS_FRAME_BYTES, _PIECE_BYTES = 13, 2


@dataclass(frozen=True)
class Budget:
    """Counts and sizes in bytes; ``ram_bytes`` is what they and the rest are expected to take together."""

    slots: int
    chunk_bytes: int
    rx_ring_bytes: int
    tx_ring_bytes: int
    ram_bytes: int
    frame_bytes: int  # the largest, unencoded, that the host may send


@dataclass(frozen=True)
class Fit:
    """What firmware, engine and model take together, contributor by contributor."""

    flash: tuple[Use, ...]
    ram: tuple[Use, ...]

    @property
    def flash_bytes(self) -> int:
        """Of everything in flash."""
        return sum(use.n_bytes for use in self.flash)

    @property
    def ram_bytes(self) -> int:
        """Of everything in RAM."""
        return sum(use.n_bytes for use in self.ram)


def memory_budget(board: BuildBoard, model: BuildModel, *, slots: int | None = None) -> Budget:
    """The largest budget that fits: as many slots as are useful, and a receive ring that holds a sample for each.

    So nothing is lost while the engine computes, however long: the host sends no more samples than there are slots, and
    the interrupt only has to take each byte before the next one comes (for the figures see nucleo_f446re's board.c).

    ``slots`` asks for exactly that many. With two slots the ring may shrink to 4096 bytes: a long run of the engine can
    then lose bytes, which the wire repairs. One slot is given only where two do not fit even so.
    Raises PlanError with the numbers when even that does not fit.
    """
    if slots is not None and not 1 <= slots <= 255:
        raise MisuseError("the number of input slots is out of range", expected="1..255", found=slots)
    wanted = [slots] if slots is not None else list(range(useful_slots(board, model), MIN_SLOTS - 1, -1))
    chunk_bytes = _chunk_bytes(model)
    for n in wanted:
        ring = _power_of_two(n * _sample_on_line(model, chunk_bytes), MIN_RX_RING)
        for frame_chunks in (_FRAME_CHUNKS, 1):  # larger frames, but not at the price of slot or ring
            budget = _budget(board, model, n, chunk_bytes, ring, frame_chunks)
            if budget.ram_bytes <= board.ram_bytes:
                return budget
    # One slot is the last resort: the line is idle while the engine runs.
    for n in (wanted[-1], *((1,) if slots is None else ())):
        ring = _power_of_two(n * _sample_on_line(model, chunk_bytes), MIN_RX_RING)
        while True:
            for frame_chunks in (_FRAME_CHUNKS, 1):
                budget = _budget(board, model, n, chunk_bytes, ring, frame_chunks)
                if budget.ram_bytes <= board.ram_bytes:
                    return budget
            if ring == MIN_RX_RING:
                break
            ring //= 2
    uses = (
        Use("arena", _aligned(model.arena_bytes, 16)),
        Use("tensor table", model.table_bytes),
        *_around(board, budget, model.input_bytes, model.output_bytes),
    )
    error = too_large(f"the model {model.name!r}", board.name, {"RAM": (uses, board.ram_bytes)})
    assert error is not None
    raise error


def check_fit(layout: Layout, board: BuildBoard) -> Fit:
    """What the firmware with this model will take, found before anything is compiled; flash is estimated from above.

    Raises PlanError with needed and available bytes and the three largest contributors when it cannot fit.
    """
    found = fit(layout, board)
    needs = {"flash": (found.flash, board.flash_bytes), "RAM": (found.ram, board.ram_bytes)}
    if error := too_large(f"the model {layout.name!r}", board.name, needs):
        raise error
    return found


def fit(layout: Layout, board: BuildBoard) -> Fit:
    """As ``check_fit`` but never refuses. RAM is counted with one slot and the smallest rings."""
    engine = estimate(layout)
    input_bytes = sum(t.n_bytes for t in layout.inputs)
    output_bytes = sum(t.n_bytes for t in layout.outputs)
    arena_bytes = layout.arena.core_bytes if layout.inputs_move else layout.arena.n_bytes
    smallest = _smallest(board, input_bytes, output_bytes, arena_bytes)
    flash = (*engine.flash, Use("firmware", _FIRMWARE_FLASH_BYTES))
    return Fit(flash, (*engine.ram, *_around(board, smallest, input_bytes, output_bytes)))


def _smallest(board: BuildBoard, input_bytes: int, output_bytes: int, arena_bytes: int) -> Budget:
    model = BuildModel("", "", "", "", 0, arena_bytes, input_bytes, output_bytes)
    return _budget(board, model, 1, max(1, min(input_bytes, MAX_CHUNK_BYTES)), MIN_RX_RING)


def _around(board: BuildBoard, budget: Budget, input_bytes: int, output_bytes: int) -> tuple[Use, ...]:
    """What of RAM is not the engine's."""
    return (
        Use(f"{budget.slots} input slots", budget.slots * _slot_bytes(input_bytes, output_bytes)),
        Use("rings", budget.rx_ring_bytes + budget.tx_ring_bytes),
        Use("stack", board.stack_bytes),
        Use("firmware", _firmware_bytes(budget.chunk_bytes, budget.frame_bytes)),
    )


def _firmware_bytes(chunk_bytes: int, frame_bytes: int) -> int:
    return _FIRMWARE_BYTES + chunk_bytes + frame_bytes - _frame_bytes(chunk_bytes, chunk_bytes, 1)


def _frame_bytes(input_bytes: int, chunk_bytes: int, n_chunks: int) -> int:
    """Room for a chunk on its own, and for so many of samples that have them."""
    together = 0 if input_bytes <= chunk_bytes else _CHUNKS_FRAME_BYTES + n_chunks * (_PIECE_BYTES + chunk_bytes)
    return max(_LEAST_FRAME_BYTES, chunk_bytes + _CHUNK_FRAME_BYTES, together)


def _slot_bytes(input_bytes: int, output_bytes: int) -> int:
    return _aligned(input_bytes, 4) + _aligned(output_bytes, 8) + _SLOT_BOOKKEEPING_BYTES


def useful_slots(board: BuildBoard, model: BuildModel) -> int:
    """How many samples must be under way to fill the line at its fastest: one computed, one received, a round trip's."""
    in_round_trip = max((board.baud, *board.bauds)) / 10 * _ROUND_TRIP_S
    on_line = _sample_on_line(model, _chunk_bytes(model))
    raw = 2 + math.ceil(in_round_trip / on_line)
    shrunk = 2 + math.ceil(in_round_trip / (on_line * _SHRINKS_TO))
    return max(ENOUGH_SLOTS, min(raw, MAX_SLOTS), min(shrunk, BATCH_SLOTS))


def _chunk_bytes(model: BuildModel) -> int:
    return max(1, min(model.input_bytes, MAX_CHUNK_BYTES))


def _budget(
    board: BuildBoard, model: BuildModel, slots: int, chunk_bytes: int, rx_ring_bytes: int, frame_chunks: int = 1
) -> Budget:
    result_on_line = _encoded(model.output_bytes + _RESULT_FRAME_BYTES)
    tx_ring_bytes = min(_power_of_two(2 * result_on_line, MIN_TX_RING), MAX_TX_RING)
    per_slot = _slot_bytes(model.input_bytes, model.output_bytes)
    frame_bytes = _frame_bytes(model.input_bytes, chunk_bytes, frame_chunks)
    ram_bytes = (
        _firmware_bytes(chunk_bytes, frame_bytes)
        + board.stack_bytes
        + _aligned(model.arena_bytes, 16)
        + model.table_bytes
        + slots * per_slot
    ) + (rx_ring_bytes + tx_ring_bytes)
    return Budget(slots, chunk_bytes, rx_ring_bytes, tx_ring_bytes, ram_bytes, frame_bytes)


def _sample_on_line(model: BuildModel, chunk_bytes: int) -> int:
    full, rest = divmod(model.input_bytes, chunk_bytes)
    n_bytes = full * _encoded(chunk_bytes + _CHUNK_FRAME_BYTES)
    return n_bytes + (_encoded(rest + _CHUNK_FRAME_BYTES) if rest else 0)


def _encoded(n_bytes: int) -> int:
    """The most that a frame takes on the line: COBS adds a byte per 254 begun, and the delimiter one."""
    return n_bytes + n_bytes // 254 + 2


def _power_of_two(n_bytes: int, at_least: int) -> int:
    size = at_least
    while size < n_bytes:
        size *= 2
    return size


def _aligned(n_bytes: int, to: int) -> int:
    return -(-n_bytes // to) * to

"""The frozen types that travel between the parts. No logic beyond what a type must know of itself.

``Record`` is everything one case produced: every report, the history and the live view read it alone. It is written as
``record.json``; ``Samples`` (the arrays) is written beside it as ``samples.npz``. ``SCHEMA`` changes when a reader of
old files would break.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.conversion import Conversion
from harness.findings import BaselineFacts, Divergence, EarlierTry, Explanation, LayerFacts, PublishedFigure, RigFault
from harness.frozen import Frozen, Written
from harness.playback import Playback

SCHEMA = "hil.record/1"

Backend = str  # "probe" for a real unit, else the name of an emulator: which there are, bench knows
Evidence = Literal[
    "hardware", "emulated", "unknown"
]  # unknown: no unit was opened, and nothing tells what it would have been
Operator = Literal[">=", "<=", ">", "<", "=="]
Severity = Literal["block", "warn"]
DType = Literal["float32", "int8", "uint8", "int16", "int32"]


class Verdict(StrEnum):
    """What a case came to."""

    PASS = "pass"
    FAIL = "fail"  # the product is wrong
    ERROR = "error"  # the rig is wrong
    INCONCLUSIVE = "inconclusive"  # not enough evidence for either


@dataclass(frozen=True)
class Tensor:
    """One input or output of a model. ``shape`` is NHWC with the batch (1) first, as in the .tflite.

    ``real = scale * (raw - zero_point)``; for float32 the scale is 0.0 and the zero point 0.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DType
    scale: float = 0.0
    zero_point: int = 0

    @property
    def elements(self) -> int:
        """Number of values."""
        count = 1
        for extent in self.shape:
            count *= extent
        return count

    @property
    def n_bytes(self) -> int:
        """Size in bytes as it travels (little endian, no padding)."""
        return self.elements * np.dtype(self.dtype).itemsize

    def describe(self) -> str:
        """``int8[1,8,8,1]``, with scale and zero point where quantised; for messages."""
        text = f"{self.dtype}[{','.join(map(str, self.shape))}]"
        if self.scale:
            text += f" scale {self.scale:.9g} zero point {self.zero_point}"
        return text

    def real(self, raw: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        """Dequantised values (float64) of raw ones; float32 passes through."""
        if not self.scale:
            return raw.astype(np.float64)
        return self.scale * (raw.astype(np.float64) - self.zero_point)


@dataclass(frozen=True)
class Beside:
    """What a model with several outputs gave at one that the task does not look at; as in ``Samples``."""

    outputs: npt.NDArray[np.generic]  # [N, values] raw, in the dtype of that output
    reference: npt.NDArray[np.generic]  # [N, values] raw, same dtype


@dataclass(frozen=True, repr=False)
class Samples:
    """The arrays of one case, row i = i-th sample sent. This is ``samples.npz``.

    ``answered[i]`` is False for a sample that was lost; its outputs are then zeros and must not be scored. ``outputs`` are of
    the model's only output, or of the one that the task looks at; ``beside`` are the others, by name.
    """

    ids: npt.NDArray[np.str_]  # [N] stable id of each sample
    labels: npt.NDArray[np.int64]  # [N] class index; -1 = the data has no labels
    outputs: npt.NDArray[np.generic]  # [N, outputs] raw, in the dtype of the model's output
    reference: npt.NDArray[np.generic]  # [N, outputs] raw, same dtype
    cycles: npt.NDArray[np.uint64]  # [N] the board's counter; instructions on an emulator, never cycles
    input_crc: npt.NDArray[np.uint32]  # [N] CRC-32 of the input as the engine read it
    sent_crc: npt.NDArray[np.uint32]  # [N] CRC-32 of the input as it was meant
    status: npt.NDArray[np.uint8]  # [N] the engine's status, 0 = ok
    answered: npt.NDArray[np.bool_]  # [N] False for a sample that was lost
    quiet: npt.NDArray[np.bool_] | None = None  # [N] nothing came in while it was computed: its cycles are the engine's
    origin: npt.NDArray[np.float32] | None = None  # [N, outputs] of the network before its conversion, real values
    converted: npt.NDArray[np.generic] | None = None  # [N, outputs] raw, the .tflite's where reference is another's
    decisions: npt.NDArray[np.int64] | None = None  # [N] class index, -1 = unknown; None where nothing was decided
    beside: Mapping[str, Beside] | None = None  # the model's other outputs; None for a model with one
    targets: npt.NDArray[np.float32] | None = None  # [N, values] what the output should be, where the data says so
    scores: npt.NDArray[np.float64] | None = None  # [N] what the task makes of each sample; NaN for an unsound one
    groups: npt.NDArray[np.str_] | None = (
        None  # [N] what a sample shares with others (speaker, subject); None: not known
    )
    digests: npt.NDArray[np.uint64] | None = None  # [N] of each sample's real inputs, whatever the model made of them
    units: npt.NDArray[np.int16] | None = (
        None  # [N] whose answer it is, by the number in the record's units; -1: nobody's
    )

    @property
    def sound(self) -> npt.NDArray[np.bool_]:
        """[N] whether a sample's outputs count as an answer to what was sent."""
        return np.asarray(self.answered & (self.status == 0) & (self.input_crc == self.sent_crc))

    def __repr__(self) -> str:
        return f"<Samples: {len(self.ids)}, {int(np.sum(self.answered))} of them answered>"


class ByGroup(Frozen):
    """The interval of a measurement whose samples come in groups: of other voices or writers, not of more samples of these."""

    groups: int  # different ones among its samples
    effective_n: float | None = None  # so many independent samples would say as much; null: it is no share
    low: float | None = None  # lower end of the 95 % interval; null: there is one group alone
    high: float | None = None  # its upper end


class Measurement(Frozen):
    """A number with its unit, count and interval (95 %; None where none is defined)."""

    name: str  # as a gate names it
    value: float  # the figure
    unit: str  # its unit; "ratio" lies in 0..1
    n: int  # samples that it rests on
    low: float | None = None  # lower end of the 95 % interval; null where none is defined
    high: float | None = None  # its upper end
    by_group: ByGroup | None = None  # the interval that a gate's confidence is about; null: each sample is a group


class GateResult(Frozen):
    """A limit on a measurement, or on its change, and what came of it. ``passed`` is None when there was not enough evidence."""

    metric: str  # what is limited; against a baseline with the direction: accuracy drop
    op: Operator  # how value must stand to limit
    limit: float  # the plan's number
    value: float | None  # what was measured; null when it could not be
    passed: bool | None  # null: not enough evidence
    needs: Literal["hardware"] | None = None  # what the plan says it needs
    confidence: float | None = None  # the level that the plan asks for; against a baseline that of low and high
    reason: str = ""  # in words, with the figures
    unit: str = ""  # "%" where limit and value are a share of the baseline's figure, in percent
    severity: Severity = "block"  # a broken gate that only warns changes no verdict
    baseline: str | None = None  # what it was held against, as it was named, "": nothing; null: no gate of that kind
    low: float | None = None  # against a baseline, lower end of the interval of value; null where it is exact
    high: float | None = None  # its upper end

    @property
    def breaks(self) -> bool:
        """Whether it fails the run."""
        return self.passed is False and self.severity == "block"

    @property
    def is_open(self) -> bool:
        """Whether it keeps the run from passing for want of evidence."""
        return self.passed is None and self.severity == "block"


class UnitFacts(Frozen):
    """Which physical or virtual board it was."""

    uid: str  # its unique id; a real one's is its probe's
    probe: str = ""  # vendor and product of the probe
    port: str = ""  # the serial port's path
    chip_id: str = ""  # the chip's unique id in hexadecimal, as the probe reads it; "" where there is none
    chip_id_hello: str = ""  # the same as the board says it in hello
    clock_hz: int | None = None  # as hello says it
    clock_source: str = ""  # internal or external, as hello says it
    reset_cause: str = ""  # why the board started last, as hello says it
    host: str = ""  # the host that it is plugged into, as ssh was given it; "" for the one that ran the case


class FirmwareFacts(Frozen):
    """What was on the board. Sizes in bytes; ``flash_s`` is None when flashing was skipped."""

    elf_sha256: str  # of the image's file
    model_sha256: str  # of the .tflite inside it, as the image says
    engine: str  # what computes on the board, with its version
    build_id: str  # what hello is compared with
    flash_bytes: int  # flash that it takes
    ram_bytes: int  # RAM that it takes, the reserved stack included
    flash_s: float | None  # how long flashing took; null when it was skipped
    verified: bool  # every byte was read back and compared
    compiler: str = ""  # name and version
    given: bool = False  # the image was named by the user, not built by this run


class SourceFacts(Frozen):
    """The git repository that the plan stands in, as it was when the case began."""

    commit: str  # the id of the commit that was checked out
    dirty: bool  # files that git follows differed from it


class DatasetFacts(Frozen):
    """What was streamed."""

    name: str  # the data set's name
    split: str  # the part of it
    sha256: str  # of all its samples and labels
    n: int  # samples that were streamed
    classes: tuple[str, ...] = ()  # names of the classes
    planned: int | None = None  # samples that the plan means; n is less when --samples cut the run short


class InputFacts(Frozen):
    """How the real inputs fill the model's quantised input (the first of several). Shares are of all values of all samples."""

    at_rail: float  # share of the values at an end of the dtype's range, rightly or not
    clipped: float  # share of the values more than one step beyond it: they became another value
    distinct: int  # different raw values that occur
    span: float  # share of the range that is used
    low: float  # smallest value of the data, in real units
    high: float  # largest value of the data
    takes_low: float  # smallest value that the input can hold
    takes_high: float  # largest value that it can hold


class ReferenceFacts(Frozen):
    """What computed the expected outputs."""

    engine: str  # its name
    version: str  # its version


class LinkFacts(Frozen):
    """The link's counters.

    ``line_use`` = payload bits that had to travel / bits the line could carry in ``wall_s``. None on an emulated unit: its
    line keeps virtual time, which is no measure of a real one. Counts are of the part of the run that this process has
    streamed, ``wall_s`` is of all parts.

    ``overlap`` = bytes that had arrived at the board while its engine ran / all bytes that it received, in its last
    session. The board counts both (STATUS). None on an emulated unit, as for ``line_use``.
    """

    baud: int  # speed of the line at the end
    bytes_tx: int  # bytes from the host to the board
    bytes_rx: int  # bytes from the board to the host
    frames_bad: int  # bad frames seen by either side
    resent: int  # chunks sent again
    line_use: float | None  # payload bits by bits that the line could carry in wall_s; null on an emulator
    lost: int  # samples without an answer
    wall_s: float  # seconds of streaming, all parts of the run
    resets: int = 0  # resets of the board that were noticed and survived
    revived: int = 0  # times that the silent board was reset through its probe, and went on
    reopened: int = 0  # times that the port vanished and came back
    replayed: int = 0  # samples computed once more, because a reset had lost the memory that others go on from
    stalls: int = 0  # times that the host had to ask what became of its frames
    climbs: int = 0  # changes to a higher baud that held
    payload_bytes: int = 0  # of samples as they travelled, each chunk once
    overlap: float | None = None  # share of the bytes that came while the engine ran; null on an emulator


class FaultReport(Frozen):
    """What the firmware said of its last crash."""

    pc: int  # where it stopped
    lr: int  # the link register
    sp: int  # the stack pointer
    psr: int  # the program status register
    cfsr: int  # configurable fault status
    hfsr: int  # hard fault status
    bfar: int  # bus fault address, valid if cfsr says so
    mmfar: int  # memory fault address, valid if cfsr says so
    backtrace: tuple[int, ...] = ()  # return addresses, the innermost first
    symbols: tuple[str, ...] = ()  # "function+0x12 (file:line)" for pc, lr and the backtrace, where the ELF knows
    last_message: str = ""  # the wire's message that was handled last
    sample: int | None = None  # index of the sample under way


class UnitShare(Frozen):
    """One unit's part in a case whose samples were spread over several of its kind."""

    unit: UnitFacts  # which one it was
    answered: int  # samples that are scored by its answers
    compared: int = 0  # samples that it and another one computed: they must agree bit for bit
    unlike: int = 0  # of those answered, the ones whose outputs are not the reference's
    timed: int = 0  # of those answered, the ones that went alone
    cycles: float | None = None  # median of those; null on an emulator
    instructions: float | None = None  # the same on an emulator; null on a real unit
    link: LinkFacts | None = (
        None  # its own line's counters; null: nothing was streamed to it in the last part of the run
    )
    own_s: float | None = None  # how long it streamed by its own clock; null on a real unit, whose time is the wall's
    flash_s: float | None = None  # how long flashing it took; null when it was skipped, or not reached
    trusted: bool = True  # false: it computed a sample otherwise than the others
    fault: str = ""  # what ended its part before the end, in words; "" when nothing did
    rig: RigFault | None = (
        None  # where that lay, if it was no fault of the product; null: it was one, or there was none
    )


class ModelFacts(Frozen):
    """The network of a case, and where it was found."""

    name: str  # what the plan calls it
    sha256: str  # of the .tflite that the firmware was made of
    file: str  # where the user's own file was
    file_sha256: str  # of that file: another one when it was converted first


class Setting(Frozen):
    """An option and its value, those that the plan left out included."""

    name: str  # as the plan writes it
    value: str  # as text


class Record(Written):
    """Everything one case produced."""

    schema_: str = SCHEMA  # changes when a reader of old files would break
    run_id: str  # of this run of the case; --resume keeps it
    case_id: str  # plan/board/model
    started: datetime  # with its time zone
    finished: datetime  # with its time zone
    verdict: Verdict  # what it came to
    reasons: tuple[str, ...]  # why, a line each
    plan: str  # the plan's name
    board: str  # the kind of board
    model: str = ""  # what the plan calls the model
    unit: UnitFacts | None  # which one it was, the first of several; null: none was opened
    backend: Backend  # "probe" for a real board, else the emulator
    evidence: (
        Evidence  # what it is worth: emulated time is no time; unknown: no unit was opened, whose sort nothing tells
    )
    caveat: str = ""  # what emulated evidence cannot say, in its emulator's own words
    firmware: FirmwareFacts | None  # what ran on it; null: none was made
    source: SourceFacts | None = None  # None: no repository, or no git to ask
    network: ModelFacts | None = None  # None: it was not found
    dataset: DatasetFacts | None  # what was streamed; null: nothing
    task: str = "classification"  # what the outputs mean
    task_options: tuple[Setting, ...] = ()  # every option of the task that has a value
    output: str = ""  # the one of several outputs that the task looks at; "": there is one alone
    outputs: DType | None = None  # of that output; None: no model was read
    outputs_scale: float = 0.0  # of that output: real = scale * (raw - zero point); 0: its raw values are real
    outputs_zero_point: int = 0  # of that output
    state_reset: str = ""  # when the network's memory was reset, in the plan's words; "": it has none
    inputs: InputFacts | None = None  # None: a float32 input, which has no ends, or nothing was encoded
    reference: ReferenceFacts | None  # what computed the expected outputs
    conversion: Conversion | None = None  # None: nobody names an origin of the network, or it could not be run
    playback: Playback | None = None  # None: samples were sent, no recordings played
    link: LinkFacts | None  # the line's counters; null: nothing was streamed
    measurements: tuple[Measurement, ...] = ()  # everything measured
    gates: tuple[GateResult, ...] = ()  # the plan's limits and what came of each
    baseline: BaselineFacts | None = None  # the run that it was held against; null: none, or none that could be
    published: tuple[PublishedFigure, ...] = ()  # what others reached, shown beside the measurements
    confusion: tuple[tuple[int, ...], ...] = ()  # rows = truth, columns = decision (+ last column: unknown)
    fault: FaultReport | None = None  # the board's report of its crash
    rig: RigFault | None = None  # where the rig's fault lay; null: the verdict is no error
    divergence: Divergence | None = None  # None: no sample differs, or the engine shows no layers to compare
    explanation: Explanation | None = None  # None: nothing was tried: labels and outputs are as they should be
    layers: tuple[LayerFacts, ...] = ()  # the per-layer profile, when it was asked for
    layers_sample: str = ""  # the id of the sample it is of
    units: tuple[UnitShare, ...] = ()  # each one's part where the samples were spread over several
    tries: tuple[EarlierTry, ...] = ()  # what was tried before on other units and ended as the rig's error: a flaky rig
    console: tuple[str, ...] = ()  # the last lines that the firmware printed; serial.log has all of them
    warnings: tuple[str, ...] = ()  # what a reader should know although it changes no verdict
    harness_version: str = ""  # of hil
    host: str = ""  # name of the computer

    def plain(self) -> Record:
        """The same record, every text in it made harmless: copies and parts that were updated are not checked by themselves."""
        return Record.model_validate(self.model_dump(by_alias=True))

    def measurement(self, name: str) -> Measurement | None:
        """The measurement of that name, or None."""
        return next((m for m in self.measurements if m.name == name), None)

"""What a front end is to its users: windows of samples to rows of features, and rows to what the network takes."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from harness.data.encode import quantise
from harness.errors import MisuseError, PlanError
from harness.records import Tensor

Array = npt.NDArray[np.generic]
Stages = dict[str, Array]
#: What a front end keeps from window to window: [clips, words]. Changed in place by what is computed with it.
State = npt.NDArray[np.uint32]

_BLOCK = 2048  # windows computed at once: their intermediate results take some 10 MB


class Options(BaseModel):
    """What a plan may say of a front end. Text stands for numbers, so that a mapping of texts will do."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FrontEnd(ABC):
    """Samples to features, the same bits as the C of ``firmware/frontend``.

    ``window`` and ``hop`` count instants of ``channels`` values each; ``values`` make a row; the network reads ``rows`` rows, the
    oldest first, as ``input_shape``. ``sample_dtype`` is what the C takes, ``row_dtype`` what its rows are. ``parameters`` and
    ``tables`` are the whole of its constants: the C is generated from them. ``levels`` of a row are the integers that an
    integer network takes, ``real = (level - zero) * step`` their real values; both None where rows are real already.
    """

    name: str
    sample_hz: int
    channels: int = 1
    sample_dtype: str = "int16"
    row_dtype: str
    window: int
    hop: int
    values: int
    rows: int
    state_words: int = 0
    level_step: float | None = None
    level_zero: int = 0
    c_name: str  # of fe_<c_name>.h
    state_bytes: int  # of its state

    @property
    def c_settings(self) -> Mapping[str, int]:
        """The fields of the C's tables that are no tables."""
        return {}

    @property
    @abstractmethod
    def parameters(self) -> Mapping[str, int | float | str]:
        """The settings, by the names that the C gives them."""

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, Array]:
        """The constant tables, by the names that the C gives them."""

    @abstractmethod
    def _stages(self, windows: Array, state: State) -> Stages:
        """Every stage of windows [N, F, window(, channels)], the last one the rows. ``state`` [N, words] moves on by F windows."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The network's input, without the batch."""
        return (self.rows, self.values)

    @cached_property
    def tables_sha256(self) -> str:
        """SHA-256, hex, over name, settings and tables: the same on the board, or its features are others.

        Over the JSON of [name, parameters], keys sorted, a line feed; then each table's name and dtype, a line feed, and its
        values, little endian.
        """
        digest = hashlib.sha256()
        digest.update(json.dumps([self.name, dict(self.parameters)], sort_keys=True).encode() + b"\n")
        for name, table in self.tables.items():
            digest.update(f"{name} {table.dtype.name}\n".encode())
            digest.update(np.ascontiguousarray(table, table.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()

    def start(self, clips: int) -> State:
        """The state before the first window, for so many clips side by side."""
        return np.zeros((clips, self.state_words), np.uint32)

    def count(self, instants: int) -> int:
        """The whole windows in so many instants."""
        return max(0, 1 + (instants - self.window) // self.hop)

    def stages(self, samples: Array, state: State | None = None) -> Stages:
        """Every stage in the order of computation, each [N, windows, ...]; the last, ``row``, is what ``rows_of`` gives.

        Arguments as ``rows_of``; all windows are held in memory at once.
        """
        windows = self._windows(samples)
        return self._stages(windows, self._begun(len(windows), state))

    def rows_of(self, samples: Array, state: State | None = None) -> Array:
        """Rows [N, windows, values] in ``row_dtype`` of samples [N, instants(, channels)].

        ``state`` None: fresh for each of the N clips. Given (``start``): goes on from it and changes it, as on a device that hears
        a stream; the samples must then begin with the part that the next window shares with the one before.
        ``PlanError`` for samples that are not what the front end takes.
        """
        windows = self._windows(samples)
        begun = self._begun(len(windows), state)
        made = np.empty((*windows.shape[:2], self.values), self.row_dtype)
        for clips, part in self._blocks(*windows.shape[:2]):
            made[clips, part] = self._stages(windows[clips, part], begun[clips])["row"]
        return made

    def levels(self, rows: Array) -> npt.NDArray[np.int32]:
        """The integers of rows for an integer network, int32. ``MisuseError`` where the front end has none."""
        raise self._no_levels()

    def real(self, rows: Array) -> npt.NDArray[np.float32]:
        """Real values of rows, float32, as a float network takes them and as the data set gives them."""
        if self.level_step is None:
            return rows.astype(np.float32)
        levels = (self.levels(rows) - self.level_zero).astype(np.float32)
        scaled: npt.NDArray[np.float32] = levels * np.float32(self.level_step)
        return scaled

    def encoded(self, rows: Array, tensor: Tensor) -> Array:
        """Rows as they lie in the network's input tensor; of any leading shape.

        float32: ``real``. int8 and uint8: the levels, moved so that the least of them is the tensor's least, whatever scale it has
        (the firmware knows no scale); without levels as ``encode.quantise``.
        """
        if tensor.dtype == "float32":
            return self.real(rows)
        if self.level_step is None:
            flat = self.real(rows).reshape(-1, 1)
            one = Tensor(tensor.name, (1, 1), tensor.dtype, tensor.scale, tensor.zero_point)
            quantised: Array = quantise(flat, one).reshape(rows.shape)
            return quantised
        least = int(np.iinfo(tensor.dtype).min)
        moved: Array = (self.levels(rows) - self.level_zero + least).astype(tensor.dtype)
        return moved

    def compute(self, sample: Array) -> npt.NDArray[np.float32]:
        """One clip to the network's input [input_shape], real values. ``PlanError`` unless it has exactly ``rows`` windows."""
        made: npt.NDArray[np.float32] = self.compute_all(np.asarray(sample)[None])[0]
        return made

    def compute_all(self, samples: Array) -> npt.NDArray[np.float32]:
        """Clips [N, instants(, channels)] to inputs [N, *input_shape], each from a fresh state."""
        found = self.count(samples.shape[1])
        if found != self.rows:
            raise PlanError(
                "the clip does not have the length that the front end's network hears",
                where=f"front end {self.name}",
                expected=f"{self.rows} windows: {self.length_of(self.rows)} to {self.length_of(self.rows + 1) - 1} values"
                f" at {self.sample_hz} Hz",
                found=f"{samples.shape[1]} values, {found} windows",
                next_step="give every clip that length: dataset.options length, pad and cut",
            )
        return self.shaped(self.real(self.rows_of(samples)))

    def shaped(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """[N, rows, values] as [N, *input_shape]: the same order of values."""
        return inputs.reshape(len(inputs), *self.input_shape)

    def length_of(self, windows: int) -> int:
        """The instants that so many windows take."""
        return self.window + (windows - 1) * self.hop

    def _windows(self, samples: Array) -> Array:
        values = _whole(samples, self.name) if self.sample_dtype == "int16" else np.asarray(samples)
        shape = f"[N, instants{', ' + str(self.channels) if self.channels > 1 else ''}]"
        if values.ndim != (3 if self.channels > 1 else 2) or (self.channels > 1 and values.shape[2] != self.channels):
            raise PlanError(
                "the samples have another shape than the front end takes",
                where=f"front end {self.name}",
                expected=shape,
                found=list(values.shape),
                next_step="give it mono sound, or captures with its number of columns",
            )
        count = self.count(values.shape[1])
        if not count:
            return np.empty((len(values), 0, self.window, *values.shape[2:]), values.dtype)
        view = np.lib.stride_tricks.sliding_window_view(values, self.window, axis=1)[:, :: self.hop]
        return view if self.channels == 1 else np.moveaxis(view, -1, 2)

    def _begun(self, clips: int, state: State | None) -> State:
        if state is None:
            return self.start(clips)
        if state.shape != (clips, self.state_words):
            raise MisuseError(
                "the state is of other clips",
                where=f"front end {self.name}",
                expected=[clips, self.state_words],
                found=list(state.shape),
                next_step="begin with start(clips)",
            )
        return state

    def _blocks(self, clips: int, windows: int) -> Iterator[tuple[slice, slice]]:
        """Blocks of clips, and in each blocks of windows in their order."""
        wide = max(1, _BLOCK // max(1, windows))
        for clip in range(0, clips, wide):
            for first in range(0, windows, _BLOCK):
                yield slice(clip, min(clip + wide, clips)), slice(first, min(first + _BLOCK, windows))

    def _no_levels(self) -> MisuseError:
        return MisuseError(
            "rows of this front end are real numbers, not integers",
            where=f"front end {self.name}",
            next_step="ask for real() or encoded()",
        )


def _whole(samples: Array, name: str) -> npt.NDArray[np.int16]:
    """Samples as int16. ``PlanError`` for what int16 does not hold: -1..1, say."""
    values = np.asarray(samples)
    if values.dtype == np.int16:
        return values.astype(np.int16, copy=False)
    with np.errstate(invalid="ignore"):
        whole = values.astype(np.int16)
    if (whole != values).any():
        raise PlanError(
            "the front end takes 16-bit sound",
            where=f"front end {name}",
            expected="whole numbers in -32768..32767",
            found=f"{values.dtype} from {values.min()} to {values.max()}",
            next_step="read the recordings with dataset.options values: int16",
        )
    return whole

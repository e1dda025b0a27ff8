"""The smart lock's MFCC: 20 cepstral coefficients of windows of 400 samples, in fixed point; nothing is kept between windows.

16 kHz int16, windows of 25 ms that do not overlap. The stages, in order:

- ``emphasis``: w16((2^15 x[i] - 31784 x[i-1]) >> 16), x[-1] = 0: pre-emphasis, halved.
- ``window``: w16(y h >> 14), h = 16383 Hann^0.85.
- ``shift``: 6 less the bits that the window was raised by: as many as keep its peak below 2^14 at the step before, at most 6.
- ``fft``: 257 complex int16 of the raised window and 112 zeros: radix 2, all inputs of a stage halved first, products rounded by
  (ab + 1) >> 15. Bins 0 and 128 are as the complex transform left them.
- ``energy``: re^2 + im^2 of each bin.
- ``filters``: 23 sums of the energies by Q12 triangles, 20..8000 Hz in mel, times 2^(2 (shift + 9) - 10).
- ``log``: ln in Q12 of both halves of the sum, added as logarithms; at least 49125.
- ``cepstrum``: DCT-II in Q11.
- ``row``: liftered by 1 + 11 sin(pi i / 22) in Q12; coefficient 0 less 190131.

A network reads 15 rows as uint8: floor(255 (x + 500000) / 10^6) within 0..255, the oldest window first, its 300 values taken row
by row as 20 x 15 x 1, which is how the public model was trained. The energy gate before it is ``Gate`` of the decisions: a
closed one suppresses decisions, the rows go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.features import _base, _lock_tables
from harness.data.features._fixed import Array, Int16, Int32, Int64, msb, w16, w32

_POINTS = _lock_tables.POINTS
_PAIRS = _POINTS // 2
_EMPHASIS = 31784  # 0.97 in Q15
_RAISED = 6
_FFT_BITS = 9
_LEAST_LOG = 49125
_LOG_2_32 = 90852  # ln 2^32 in Q12
_LOG_0 = -2829416
_C0 = 190131


class Options(_base.Options):
    """What a plan may say."""

    rows: int = Field(default=15, ge=1, le=1000, description="Windows that the network reads.")


class LockMfcc(_base.FrontEnd):
    """See the module."""

    name = "lock_mfcc"
    sample_hz = 16000
    row_dtype = "int32"
    window = _lock_tables.WINDOW
    hop = _lock_tables.WINDOW
    values = 20
    level_step = 1.0
    c_name = "lock"
    state_bytes = 23 * (8 + 4) + 257 * 4

    def __init__(self, options: Options) -> None:
        self.rows = options.rows

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        """See ``FrontEnd.parameters``."""
        return {"rows": self.rows}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Coefficients first in name only: the values stay in the order of the windows."""
        return (self.values, self.rows, 1)

    @cached_property
    def tables(self) -> Mapping[str, Array]:
        """See ``FrontEnd.tables``."""
        firsts, counts, weights = _lock_tables.filters()
        return {
            "window": _lock_tables.window(),
            "sines": _lock_tables.sines(),
            "firsts": firsts,
            "counts": counts,
            "weights": weights,
            "logarithms": _lock_tables.logarithms(),
            "sums_of_logarithms": _lock_tables.sums_of_logarithms(),
            "cosines": _lock_tables.cosines(),
            "lifter": _lock_tables.lifter(),
        }

    def levels(self, rows: Array) -> npt.NDArray[np.int32]:
        """[...] int32 in 0..255."""
        return np.clip((rows.astype(np.int64) + 500_000) * 255 // 1_000_000, 0, 255).astype(np.int32)

    def from_emphasis(self, y: Int16) -> _base.Stages:
        """The stages of windows [..., 400] from behind the pre-emphasis on: where the published vectors begin."""
        half = self.tables["window"].astype(np.int32)
        y = w16((y.astype(np.int32) * np.concatenate([half, half[::-1]])) >> 14)
        peak = np.abs(y.astype(np.int32)).max(axis=-1)
        up = np.clip(15 - msb(peak), 0, _RAISED).astype(np.int32)
        z = np.zeros((*y.shape[:-1], _POINTS), np.int16)
        z[..., : self.window] = w16(y.astype(np.int32) << up[..., None])
        shift = _RAISED - up
        bins = self._fft(z)
        energy = (bins.astype(np.int64) ** 2).sum(axis=-1).astype(np.uint32)
        filters = self._filters(energy) << (2 * (shift + _FFT_BITS) - 10)[..., None].astype(np.uint64)
        log = self._log(filters)
        cepstrum = self._cepstrum(log)
        row = ((cepstrum * self.tables["lifter"].astype(np.int64)) >> 12)[..., : self.values]
        row[..., 0] -= _C0
        return {
            "window": y,
            "shift": shift,
            "fft": bins,
            "energy": energy,
            "filters": filters,
            "log": log.astype(np.int32),
            "cepstrum": cepstrum.astype(np.int32)[..., : self.values],
            "row": row.astype(np.int32),
        }

    def _stages(self, windows: Array, state: _base.State) -> _base.Stages:
        x = windows.astype(np.int64)
        before = np.concatenate([np.zeros_like(x[..., :1]), x[..., :-1]], axis=-1)
        emphasis = w16(((x << 15) - before * _EMPHASIS) >> 16)
        return {"emphasis": emphasis, **self.from_emphasis(emphasis)}

    def _fft(self, z: Int16) -> Int16:
        sines = self.tables["sines"].astype(np.int32)
        re, im = _complex(z, sines)
        k = np.arange(1, _PAIRS // 2)
        w_re, w_im = sines[k + 256], -sines[k + 128]
        q_re, q_im = re[..., k] >> 1, im[..., k] >> 1
        s_re, s_im = re[..., _PAIRS - k] >> 1, w16(-im[..., _PAIRS - k]).astype(np.int32) >> 1
        f1_re, f1_im, f2_re, f2_im = q_re + s_re, q_im + s_im, q_re - s_re, q_im - s_im
        f1_re, f1_im, f2_re, f2_im = (w16(part).astype(np.int32) for part in (f1_re, f1_im, f2_re, f2_im))
        t_re, t_im = _product(w_re, w_im, f2_re, f2_im)
        bins = np.zeros((*z.shape[:-1], _PAIRS + 1, 2), np.int16)
        for bin in (0, _PAIRS // 2):
            bins[..., bin, 0], bins[..., bin, 1] = re[..., bin], im[..., bin]
        bins[..., k, 0], bins[..., k, 1] = w16(f1_re + t_re), w16(f1_im + t_im)
        bins[..., _PAIRS - k, 0], bins[..., _PAIRS - k, 1] = w16(f1_re - t_re), w16(t_im - f1_im)
        return bins

    def _filters(self, energy: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
        places = [np.arange(f, f + n) for f, n in zip(self.tables["firsts"], self.tables["counts"], strict=True)]
        parts = energy[..., np.concatenate(places)] * self.tables["weights"].astype(np.uint64)
        starts = np.concatenate([[0], np.cumsum(self.tables["counts"].astype(np.int64))[:-1]])
        sums: npt.NDArray[np.uint64] = np.add.reduceat(parts, starts, axis=-1)
        return sums

    def _log(self, filters: npt.NDArray[np.uint64]) -> Int64:
        high = self._ln((filters >> np.uint64(32)).astype(np.int64)) + _LOG_2_32
        low = self._ln((filters & np.uint64(0xFFFFFFFF)).astype(np.int64))
        distance = np.abs(high - low) >> 4
        table = self.tables["sums_of_logarithms"].astype(np.int64)
        more = np.where(distance < len(table), table[np.minimum(distance, len(table) - 1)], 0)
        log: Int64 = np.maximum(np.maximum(high, low) + (more << 4), _LEAST_LOG)
        return log

    def _ln(self, x: Int64) -> Int64:
        """ln of 32-bit numbers in Q12."""
        bits = msb(x)
        piece = ((x << (32 - bits)) >> 25) & 63
        log2 = ((bits - 1) << 12) + self.tables["logarithms"].astype(np.int64)[piece]
        return np.where(x == 0, _LOG_0, (log2 * 2839) >> 12)

    def _cepstrum(self, log: Int64) -> Int64:
        cosines = self.tables["cosines"].astype(np.int64)
        cepstrum: Int64 = ((w32((log >> 1) @ cosines.T) >> 11) * 604) >> 10
        cepstrum[..., 0] = ((log.sum(axis=-1) >> 1) * 427) >> 10
        return cepstrum


def _product(w_re: Int32, w_im: Int32, b_re: Int32, b_im: Int32) -> tuple[Int32, Int32]:
    """w b, each real product rounded by itself, the sums wrapped to 16 bits."""

    def one(a: Int32, b: Int32) -> Int32:
        return (a * b + 1) >> 15

    re, im = one(w_re, b_re) - one(w_im, b_im), one(w_re, b_im) + one(w_im, b_re)
    return w16(re).astype(np.int32), w16(im).astype(np.int32)


def _complex(z: Int16, sines: Int32) -> tuple[Int32, Int32]:
    """The complex transform of 256 pairs, divided by 256."""
    index = np.arange(_PAIRS)
    places = sum(((index >> bit) & 1) << (7 - bit) for bit in range(8))
    pairs = z.astype(np.int32).reshape(*z.shape[:-1], _PAIRS, 2)[..., places, :]
    re, im = pairs[..., 0], pairs[..., 1]
    for stage in range(8):
        half = 1 << stage
        groups = (*z.shape[:-1], _PAIRS // (2 * half), 2, half)
        re, im = re.reshape(groups) >> 1, im.reshape(groups) >> 1
        q = np.arange(half) * (_PAIRS // half)
        t_re, t_im = _product(sines[q + 128], -sines[q], re[..., 1, :], im[..., 1, :])
        a_re, a_im = re[..., 0, :], im[..., 0, :]
        re = w16(np.stack([a_re + t_re, a_re - t_re], axis=-2)).astype(np.int32).reshape(*z.shape[:-1], _PAIRS)
        im = w16(np.stack([a_im + t_im, a_im - t_im], axis=-2)).astype(np.int32).reshape(*z.shape[:-1], _PAIRS)
    return re, im


def made(options: Options) -> LockMfcc:
    """The front end with those options."""
    return LockMfcc(options)

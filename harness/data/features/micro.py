"""The micro front end of the public keyword examples: 40 mel bands, noise reduction, gain control, logarithm; integers throughout.

There are two public implementations, which do not agree in some 0.6 % of the features. Variant ``L`` is the classic library, which
pymicro-features wraps too; ``S`` is the signal library behind today's ``audio_preprocessor`` models.

16 kHz int16, windows of 30 ms every ``step_ms``. The stages, in order:

- ``window``: w16(x c >> 12), c the Hann window in Q12 of ``tables``.
- ``shift``: 15 less the bits of the greatest size; -32768 has none, as in C.
- ``fft``: 257 complex int16 of w16(window << shift) and 32 zeros, by ``_kissfft``; bins 0 and 256 are 0.
- ``energy``: re^2 + im^2 of bins 5..240.
- ``filters``: per channel the energies times their Q12 weights.
- ``signal``: the rounded square root (65535 at most below 2^32), >> shift.
- ``noise``: what is left of the signal, and at least 0.05 of it; est += (signal - est) * 409 or 983 / 16384 in Q10 for channels
  of even and odd number. ``estimate``: est after this window: the state, which begins at 0.
- ``gain``: noise times the gain of ``estimate``, compressed to (x^2 >> 20) below 8192 and x/64 - 64 above.
- ``row``: 64 ln(8 gain) by a table of log2, at most 65535 (S: 32767).

An integer network takes clip((256 row + 333) // 666 - 128); its reals are 0..25.898 in steps of 26/256. Training on the row itself
takes row * 10/256, which is nearly the same: a quarter of the integers differ by one. The firmware knows no scale: a model whose
input has another one than 26/256 gets the same integers on the board, and in a data set too as long as its scale makes of each
of them itself or its neighbour, as the public model's 0.10202206 does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.features import _base, _kissfft, _micro_tables
from harness.data.features._fixed import Array, Int16, Int64, isqrt, msb, shifted, u32, w16, w32

TRAINING_STEP = 10 / 256

_POINTS = 512
_EVEN, _ODD = 409, 983  # 0.025 and 0.06 in Q14
_LEAST = 819  # 0.05 in Q14
_ONE = 1 << 14


class Options(_base.Options):
    """What a plan may say."""

    variant: Literal["L", "S"] = Field(default="L", description="L: the classic library. S: the signal library.")
    step_ms: int = Field(default=20, ge=1, le=30, description="A window every so many milliseconds.")
    rows: int = Field(
        default=0, ge=0, le=1000, description="Rows that the network reads. 0: those of a second of sound."
    )


class Micro(_base.FrontEnd):
    """See the module."""

    name = "micro"
    sample_hz = 16000
    row_dtype = "uint16"
    window = _micro_tables.WINDOW
    values = _micro_tables.CHANNELS
    state_words = _micro_tables.CHANNELS
    level_step = 26 / 256
    level_zero = -128
    c_name = "micro"
    state_bytes = 40 * (8 + 4 + 4) + 257 * 4 + 4

    def __init__(self, options: Options) -> None:
        self.variant = options.variant
        self.hop = options.step_ms * 16
        self.rows = options.rows or self.count(self.sample_hz)

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        """See ``FrontEnd.parameters``."""
        return {"variant": self.variant, "hop": self.hop, "rows": self.rows, "most": self._most}

    @property
    def c_settings(self) -> Mapping[str, int]:
        """See ``FrontEnd.c_settings``."""
        return {"most": self._most}

    @cached_property
    def tables(self) -> Mapping[str, Array]:
        """See ``FrontEnd.tables``."""
        below, above = _micro_tables.weights(self.variant)
        return {
            "window": _micro_tables.window(self.variant),
            "twiddles": _kissfft.twiddles(),
            "split": _kissfft.split_twiddles(),
            "places": _kissfft.reversed_digits(),
            "sizes": _micro_tables.band_sizes(),
            "weights": np.stack([below, above], axis=1),
            "gains": _micro_tables.gains(),
            "first_gains": _micro_tables.first_gains(),
            "logarithms": _micro_tables.logarithms(),
        }

    @property
    def _most(self) -> int:
        return 65535 if self.variant == "L" else 32767

    @cached_property
    def _matrix(self) -> npt.NDArray[np.float64]:
        weights = self.tables["weights"].astype(np.int64)
        return _micro_tables.matrix(w16(weights[:, 0]), w16(weights[:, 1])).astype(np.float64)

    def levels(self, rows: Array) -> npt.NDArray[np.int32]:
        """[...] int32 in -128..127: the public firmware's formula."""
        return np.clip((rows.astype(np.int32) * 256 + 333) // 666 - 128, -128, 127)

    def training(self, rows: Array) -> npt.NDArray[np.float32]:
        """row * 10/256, as the public training scripts have it."""
        return rows.astype(np.float32) * np.float32(TRAINING_STEP)

    def _stages(self, windows: Array, state: _base.State) -> _base.Stages:
        stages = self._spectrum(windows.astype(np.int32))
        signal = stages["signal"].astype(np.int64)
        noise, estimate = _noise(signal, state)
        gain = self._gain(noise, estimate)
        stages["noise"], stages["estimate"] = noise.astype(np.uint32), estimate.astype(np.uint32)
        stages["gain"] = gain.astype(np.uint32)
        stages["row"] = self._logarithm(gain).astype(np.uint16)
        return stages

    def _spectrum(self, x: npt.NDArray[np.int32]) -> _base.Stages:
        y = w16((x * self.tables["window"].astype(np.int32)) >> 12)
        # int16 has no +32768: that size wraps to -32768 and never is the greatest.
        size = np.maximum(w16(np.abs(y.astype(np.int32))), 0).max(axis=-1)
        shift = 15 - msb(size)
        z = np.zeros((*y.shape[:-1], _POINTS), np.int16)
        z[..., : self.window] = w16(y.astype(np.int32) << shift[..., None].astype(np.int32))
        bins = _kissfft.real_fft(z)
        heard = bins[..., _micro_tables.FIRST_BIN : _micro_tables.LAST_BIN + 1, :].astype(np.int64)
        energy = (heard**2).sum(axis=-1)
        # Below 2^49, so that the product in float64 is exact.
        filters = (energy.astype(np.float64) @ self._matrix).astype(np.int64)
        root = isqrt(filters)
        root += filters - root * root > root
        root = np.where(filters < 1 << 32, np.minimum(root, 65535), np.minimum(root, 0xFFFFFFFF))
        return {
            "window": y,
            "shift": shift.astype(np.int32),
            "fft": bins,
            "energy": energy.astype(np.uint32),
            "filters": filters.astype(np.uint64),
            "signal": (root >> shift[..., None]).astype(np.uint32),
        }

    def _gain(self, noise: Int64, estimate: Int64) -> Int64:
        """PCAN: the gain falls with the noise; the product is compressed."""
        snr = u32((noise * self._gain_of(estimate)) >> 6)
        return np.where(snr < 8192, u32(snr * snr) >> 20, (snr >> 6) - 64)

    def _gain_of(self, x: Int64) -> Int64:
        pieces = self.tables["gains"].astype(np.int64)
        bits = msb(x)
        y0, a1, a2 = np.moveaxis(pieces[np.maximum(bits, 2) - 2], -1, 0)
        fraction = shifted(x, 11 - bits) & 1023
        bent = w32((((a2 * fraction) >> 5) + a1 * 32) * fraction)
        value = w16(((bent + 16384) >> 15) + y0).astype(np.int64)
        first = self.tables["first_gains"].astype(np.int64)
        return np.where(x == 0, first[0], np.where(x == 1, first[1], np.where(x == 2, pieces[0, 0], value)))

    def _logarithm(self, gain: Int64) -> Int64:
        value = u32(gain << 3)
        whole = np.maximum(msb(value) - 1, 0)
        fraction = shifted(value - (np.int64(1) << whole), 16 - whole)
        table = self.tables["logarithms"].astype(np.int64)
        piece = np.clip(fraction >> 9, 0, 127)
        fraction = fraction + table[piece] + (((table[piece + 1] - table[piece]) * (fraction - 512 * piece)) >> 16)
        natural = (45426 * ((whole << 16) + fraction) + 32768) >> 16
        return np.where(value <= 1, 0, np.minimum(((natural << 6) + 32768) >> 16, self._most))


def _noise(signal: Int64, state: npt.NDArray[np.uint32]) -> tuple[Int64, Int64]:
    """Noise left and estimate, window after window: the one stage with a memory."""
    speed = np.where(np.arange(signal.shape[-1]) % 2, _ODD, _EVEN).astype(np.int64)
    estimate = state.astype(np.int64)
    raised = u32(signal << 10)
    left, estimates = np.empty_like(signal), np.empty_like(signal)
    for step in range(signal.shape[1]):
        up = raised[:, step]
        estimate = u32((up * speed + estimate * (_ONE - speed)) >> 14)
        left[:, step] = np.maximum((up - np.minimum(estimate, up)) >> 10, (signal[:, step] * _LEAST) >> 14)
        estimates[:, step] = estimate
    state[...] = estimate.astype(np.uint32)
    return left, estimates


def made(options: Options) -> Micro:
    """The front end with those options."""
    return Micro(options)


__all__ = ["TRAINING_STEP", "Int16", "Micro", "Options", "made"]

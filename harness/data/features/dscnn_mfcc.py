"""The DS-CNN's MFCC: 10 cepstral coefficients of windows of 40 ms every 20 ms, in float32; nothing is kept between windows.

16 kHz int16, 640 samples every 320. The stages, in order:

- ``window``: x / 32768 times a periodic Hann window, and half of it, which the split after the transform would take anyway.
- ``fft``: bins 0..255 of the transform of the window with 384 zeros behind it (0 and 1, which nobody reads, are 0).
- ``magnitude``: of those bins.
- ``filters``: 40 sums by triangles drawn in mel, 20..4000 Hz; at least 1e-10.
- ``log``: ln, by the engine's own ``nn_logf``.
- ``row``: DCT-II times sqrt(2 / 40), coefficients 0..9 alike.

Host and board have the same bits: products and sums in the same order, none fused. Against ``reference`` (float64, SciPy's) that
differs by up to 1e-4 on recordings and 1e-2 on pure tones, whose far filters hold rounding noise alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.fft import dct, rfft

from harness.data.features import _base, _float32
from harness.data.features._fixed import Array

WINDOW, HOP, POINTS, FILTERS, COEFFICIENTS = 640, 320, 1024, 40, 10
BINS = POINTS // 4  # none of the filters reaches further
FLOOR = 1e-10
_BIN_HZ = 16000 / POINTS
_LOW_HZ, _HIGH_HZ = 20.0, 4000.0


class Options(_base.Options):
    """What a plan may say."""

    rows: int = Field(default=49, ge=1, le=1000, description="Rows that the network reads.")


class DscnnMfcc(_base.FrontEnd):
    """See the module."""

    name = "dscnn_mfcc"
    sample_hz = 16000
    row_dtype = "float32"
    window = WINDOW
    hop = HOP
    values = COEFFICIENTS
    c_name = "dscnn"
    state_bytes = (POINTS + FILTERS) * 4

    def __init__(self, options: Options) -> None:
        self.rows = options.rows

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        """See ``FrontEnd.parameters``."""
        return {"rows": self.rows}

    @cached_property
    def tables(self) -> Mapping[str, Array]:
        """See ``FrontEnd.tables``."""
        triangles = _triangles()
        return {
            "window": (_hann() / 65536).astype(np.float32),  # 32768, and the half
            "places": _float32.places(),
            "twiddles": _float32.roots(384, _float32.COMPLEX),
            "split": _float32.roots(BINS, POINTS),
            "firsts": np.array([first for first, _ in triangles], np.int16),
            "counts": np.array([len(weights) for _, weights in triangles], np.int16),
            "weights": np.concatenate([weights for _, weights in triangles]).astype(np.float32),
            "cosines": _cosines().astype(np.float32),
        }

    def _stages(self, windows: Array, state: _base.State) -> _base.Stages:
        tables = {name: table.astype(np.float32) for name, table in self.tables.items()}
        window = windows.astype(np.float32) * tables["window"]
        padded = np.zeros((*window.shape[:-1], POINTS), np.float32)
        padded[..., :WINDOW] = window
        re, im = _float32.complex_fft(padded[..., 0::2], padded[..., 1::2], tables["twiddles"])
        k = np.arange(2, BINS)
        a_re, a_im, b_re, b_im = re[..., k], im[..., k], re[..., -k], im[..., -k]
        even_re, even_im, odd_re, odd_im = a_re + b_re, a_im - b_im, a_im + b_im, b_re - a_re
        w_re, w_im = tables["split"][2:, 0], tables["split"][2:, 1]
        bins = np.zeros((*window.shape[:-1], BINS, 2), np.float32)
        bins[..., 2:, 0] = even_re + (w_re * odd_re - w_im * odd_im)
        bins[..., 2:, 1] = even_im + (w_re * odd_im + w_im * odd_re)
        magnitude = np.sqrt(bins[..., 0] * bins[..., 0] + bins[..., 1] * bins[..., 1])
        filters = self._filters(magnitude)
        log = _float32.log(filters)
        row = np.stack([_float32.dot(log, cosines) for cosines in tables["cosines"]], axis=-1)
        return {"window": window, "fft": bins, "magnitude": magnitude, "filters": filters, "log": log, "row": row}

    def _filters(self, magnitude: _float32.Float) -> _float32.Float:
        firsts, counts = (self.tables[name].astype(np.int64) for name in ("firsts", "counts"))
        weights, starts = self.tables["weights"].astype(np.float32), np.cumsum(counts) - counts
        total = np.zeros((*magnitude.shape[:-1], FILTERS), np.float32)
        for step in range(int(counts.max())):
            has = np.flatnonzero(counts > step)
            total[..., has] += magnitude[..., firsts[has] + step] * weights[starts[has] + step]
        return np.maximum(total, np.float32(FLOOR))


def reference(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """The same features of [N, instants] in float64: [N, windows, 10]. SciPy's transforms; filters as they are defined."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW, axis=1)[:, ::HOP] / 32768.0
    magnitude = np.abs(rfft(windows * _hann(), POINTS))
    filters = np.zeros((POINTS // 2 + 1, FILTERS))
    for index, (first, weights) in enumerate(_triangles()):
        filters[first : first + len(weights), index] = weights
    log = np.log(np.maximum(magnitude @ filters, FLOOR))
    cepstrum: npt.NDArray[np.float64] = dct(log, type=2, axis=-1)[..., :COEFFICIENTS] * (0.5 * math.sqrt(2 / FILTERS))
    return cepstrum


def _hann() -> npt.NDArray[np.float64]:
    return np.array([0.5 - 0.5 * math.cos(2 * math.pi * i / WINDOW) for i in range(WINDOW)])


def _mel(hz: float) -> float:
    return 1127.0 * math.log1p(hz / 700.0)


def _triangles() -> list[tuple[int, list[float]]]:
    """First bin and weights of each filter."""
    low, high = _mel(_LOW_HZ), _mel(_HIGH_HZ)
    edges = [low + i * (high - low) / (FILTERS + 1) for i in range(FILTERS + 2)]
    mels = [_mel(_BIN_HZ * k) for k in range(POINTS // 2)]
    found = []
    for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False):
        inside = [k for k, mel in enumerate(mels) if left < mel < right]
        weights = [
            (mels[k] - left) / (middle - left) if mels[k] <= middle else (right - mels[k]) / (right - middle)
            for k in inside
        ]
        found.append((inside[0], weights))
    return found


def _cosines() -> npt.NDArray[np.float64]:
    factor = math.sqrt(2 / FILTERS)
    return np.array(
        [[factor * math.cos(math.pi * k * (j + 0.5) / FILTERS) for j in range(FILTERS)] for k in range(COEFFICIENTS)]
    )


def made(options: Options) -> DscnnMfcc:
    """The front end with those options."""
    return DscnnMfcc(options)

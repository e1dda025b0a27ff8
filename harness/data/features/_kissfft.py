"""The real FFT of 512 int16 values as kissfft 1.3.0 does it in 16 bits: 256 complex values, four radix-4 stages, then a split.

Every result is stored to 16 bits and wraps; rounding is (x + 2^14) >> 15. The result is the transform divided by 512.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from harness.data.features._fixed import Int16, Int32, w16

POINTS = 256
_QUARTER = 32767 // 4
_HALF = 16383  # 32767 / 2, rounded down


def _round(x: float) -> int:
    return math.floor(0.5 + x)


def twiddles() -> Int16:
    """[256, 2] real and imaginary parts of 32767 e^(-2 pi i k / 256)."""
    phases = [-2 * math.pi * k / POINTS for k in range(POINTS)]
    return np.array([[_round(32767 * math.cos(p)), _round(32767 * math.sin(p))] for p in phases], np.int16)


def split_twiddles() -> Int16:
    """[128, 2] of the phases -pi ((j + 1) / 256 + 1/2)."""
    phases = [-math.pi * ((j + 1) / POINTS + 0.5) for j in range(POINTS // 2)]
    return np.array([[_round(32767 * math.cos(p)), _round(32767 * math.sin(p))] for p in phases], np.int16)


def reversed_digits() -> npt.NDArray[np.uint8]:
    """[256] the place of each input: its index with its four digits to the base 4 in reverse."""
    index = np.arange(POINTS)
    place = np.zeros(POINTS, np.int64)
    for _ in range(4):
        place = place * 4 + index % 4
        index = index // 4
    return place.astype(np.uint8)


_TWIDDLES = twiddles().astype(np.int32)
_SPLIT = split_twiddles().astype(np.int32)
_PLACES = reversed_digits()


def _rounded(x: Int32) -> Int32:
    return w16((x + 16384) >> 15).astype(np.int32)


def _product(re: Int32, im: Int32, factor: Int32) -> tuple[Int32, Int32]:
    """Times factor [..., 2], each part rounded once."""
    f_re, f_im = factor[..., 0], factor[..., 1]
    return _rounded(re * f_re - im * f_im), _rounded(re * f_im + im * f_re)


def _wrapped(x: Int32) -> Int32:
    return w16(x).astype(np.int32)


def _complex(re: Int32, im: Int32) -> tuple[Int32, Int32]:
    """The transform of [..., 256] values in the order of ``reversed_digits``."""
    shape = re.shape
    for m in (1, 4, 16, 64):
        groups = (*shape[:-1], POINTS // (4 * m), 4, m)
        re, im = (_rounded(part.reshape(groups) * _QUARTER) for part in (re, im))
        steps = np.arange(m) * (POINTS // (4 * m))
        b_re, b_im = [re[..., 0, :]], [im[..., 0, :]]
        for q in (1, 2, 3):
            one, other = _product(re[..., q, :], im[..., q, :], _TWIDDLES[steps * q])
            b_re.append(one)
            b_im.append(other)
        d_re, d_im, s_re, s_im = b_re[0] - b_re[2], b_im[0] - b_im[2], b_re[0] + b_re[2], b_im[0] + b_im[2]
        n_re, n_im, p_re, p_im = b_re[1] - b_re[3], b_im[1] - b_im[3], b_re[1] + b_re[3], b_im[1] + b_im[3]
        # Sums modulo 2^16 are the same wherever they wrap.
        re = _wrapped(np.stack([s_re + p_re, d_re + n_im, s_re - p_re, d_re - n_im], axis=-2)).reshape(shape)
        im = _wrapped(np.stack([s_im + p_im, d_im - n_re, s_im - p_im, d_im + n_re], axis=-2)).reshape(shape)
    return re, im


def real_fft(z: Int16) -> Int16:
    """[..., 512] -> [..., 257, 2] real and imaginary parts. Those of bins 0 and 256 are left 0: nobody reads them."""
    pairs = np.empty((*z.shape[:-1], POINTS, 2), np.int32)
    pairs[..., _PLACES, :] = z.reshape(*z.shape[:-1], POINTS, 2)
    re, im = _complex(pairs[..., 0], pairs[..., 1])
    k = np.arange(1, POINTS // 2 + 1)
    a_re, a_im = _rounded(re[..., k] * _HALF), _rounded(im[..., k] * _HALF)
    b_re, b_im = _rounded(re[..., POINTS - k] * _HALF), _rounded(_wrapped(-im[..., POINTS - k]) * _HALF)
    f1_re, f1_im = _wrapped(a_re + b_re), _wrapped(a_im + b_im)
    f2_re, f2_im = _wrapped(a_re - b_re), _wrapped(a_im - b_im)
    w_re, w_im = _product(f2_re, f2_im, _SPLIT)
    bins = np.zeros((*z.shape[:-1], POINTS + 1, 2), np.int16)
    bins[..., k, 0], bins[..., k, 1] = w16((f1_re + w_re) >> 1), w16((f1_im + w_im) >> 1)
    # Second, as in the C: at k = 128 both are one bin, and this one stays.
    bins[..., POINTS - k, 0], bins[..., POINTS - k, 1] = w16((f1_re - w_re) >> 1), w16((w_im - f1_im) >> 1)
    return bins

"""float32 arithmetic in the order of the C of ``firmware/frontend``: the same bits on every IEEE-754 machine.

Real and imaginary parts lie in arrays of their own: NumPy may fuse the product of complex numbers, and the C never does.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
_F = np.float32

COMPLEX = 512


def places() -> npt.NDArray[np.int16]:
    """[512] where each complex input goes: digits in reverse, the base-4 ones first, a last one to the base 2."""
    index, place, width = np.arange(COMPLEX), np.zeros(COMPLEX, np.int64), COMPLEX
    for radix in (4, 4, 4, 4, 2):
        width //= radix
        place += (index % radix) * width
        index //= radix
    return place.astype(np.int16)


def roots(count: int, of: int) -> Float:
    """[count, 2] e^(-2 pi i k / of)."""
    phases = [-2 * math.pi * k / of for k in range(count)]
    return np.array([[math.cos(phase), math.sin(phase)] for phase in phases], _F)


_PLACES = places()


def complex_fft(re: Float, im: Float, twiddles: Float) -> tuple[Float, Float]:
    """The transform of [..., 512]: one radix-2 stage, four radix-4 stages, decimated in time. ``twiddles``: ``roots(384, 512)``."""
    shape = re.shape
    z_re, z_im = np.empty_like(re), np.empty_like(im)
    z_re[..., _PLACES], z_im[..., _PLACES] = re, im
    pairs = (*shape[:-1], COMPLEX // 2, 2)
    re, im = (
        np.stack([p[..., 0] + p[..., 1], p[..., 0] - p[..., 1]], axis=-1).reshape(shape)
        for p in (z_re.reshape(pairs), z_im.reshape(pairs))
    )
    for m in (2, 8, 32, 128):
        groups = (*shape[:-1], COMPLEX // (4 * m), 4, m)
        a_re, a_im = re.reshape(groups), im.reshape(groups)
        b_re, b_im = [a_re[..., 0, :]], [a_im[..., 0, :]]
        for q in (1, 2, 3):
            t = twiddles[np.arange(m) * (COMPLEX // (4 * m)) * q]
            t_re, t_im = t[:, 0], t[:, 1]
            b_re.append(a_re[..., q, :] * t_re - a_im[..., q, :] * t_im)
            b_im.append(a_re[..., q, :] * t_im + a_im[..., q, :] * t_re)
        d_re, d_im, s_re, s_im = b_re[0] - b_re[2], b_im[0] - b_im[2], b_re[0] + b_re[2], b_im[0] + b_im[2]
        n_re, n_im, p_re, p_im = b_re[1] - b_re[3], b_im[1] - b_im[3], b_re[1] + b_re[3], b_im[1] + b_im[3]
        re = np.stack([s_re + p_re, d_re + n_im, s_re - p_re, d_re - n_im], axis=-2).reshape(shape)
        im = np.stack([s_im + p_im, d_im - n_re, s_im - p_im, d_im + n_re], axis=-2).reshape(shape)
    return re, im


def log(x: Float) -> Float:
    """ln x within 1 ulp for normal x > 0: ``nn_logf`` of the engine."""
    ln2_high, ln2_low = _F(float.fromhex("0x1.62ep-1")), _F(float.fromhex("0x1.0bfbe8p-15"))
    bits = x.view(np.uint32) + np.uint32(0x3F800000 - 0x3F3504F3)
    k = ((bits >> np.uint32(23)).astype(np.int32) - 127).astype(_F)
    f = ((bits & np.uint32(0x7FFFFF)) + np.uint32(0x3F3504F3)).view(_F) - _F(1)
    s = f / (_F(2) + f)
    z = s * s
    third, fifth, seventh, ninth = (_F(2) / _F(n) for n in (3, 5, 7, 9))
    series = z * (third + z * (fifth + z * (seventh + z * ninth)))
    half = _F(0.5) * f * f
    result: Float = k * ln2_high - ((half - (s * (half + series) + k * ln2_low)) - f)
    return result


def dot(values: Float, weights: Float) -> Float:
    """[..., n] . [n] added one after the other from 0 on: ``np.dot`` adds in an order of its own."""
    total = np.zeros(values.shape[:-1], _F)
    for index in range(values.shape[-1]):
        total = total + values[..., index] * weights[index]
    return total

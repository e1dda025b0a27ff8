"""A small drawing as inline SVG, in the page's own CSS colours: right on light, on dark and on paper. And grey PNGs.

Written by hand since a library of figures takes a second to import and a second to draw what are some rectangles.
"""

from __future__ import annotations

import base64
import html
import math
import struct
import unicodedata
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

INK, MUTED, LINE, GOOD, BAD = "currentColor", "var(--muted)", "var(--line)", "var(--accent)", "var(--bad)"
SIZE = 12  # of text, in the drawing's units


class Drawing:
    """``width`` x ``height`` units, the origin at the top left.

    ``label`` says what it shows to those who cannot see it, ``told`` what is to be seen there; it has no narrower a width
    than 0.7 of its own, where its text can still be read. ``styled`` False: it goes into a page whose policy takes no style but
    its sheet's, which then sees to that.
    """

    def __init__(self, width: float, height: float, label: str, told: str, *, styled: bool = True) -> None:
        least = f' style="min-width:{0.7 * width:.0f}px"' if styled else ""
        self._head = (
            f'<svg role="img" aria-label="{html.escape(label)}" viewBox="0 0 {width:.1f} {height:.1f}"'
            f' font-size="{SIZE}"{least} xmlns="http://www.w3.org/2000/svg">'
            f"<title>{html.escape(label)}</title><desc>{html.escape(told)}.</desc>"
        )
        self._parts: list[str] = []

    def rectangle(self, x: float, y: float, width: float, height: float, colour: str, alpha: float) -> None:
        """A filled one."""
        place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        self._parts.append(f'<rect {place} fill="{colour}" fill-opacity="{alpha:.2f}"/>')

    def line(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """One of a grid."""
        self._parts.append(f'<path d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}" stroke="{LINE}" stroke-width="0.7"/>')

    def curve(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """One through points, its ends included."""
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dashes = ' stroke-dasharray="4 4"' if dashed else ""
        self._parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.4"{dashes}/>')

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        """A filled circle."""
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.55"/>')

    def band(
        self, lows: Sequence[float], highs: Sequence[float], xs: Sequence[float], colour: str, alpha: float
    ) -> None:
        """The area between two curves over the same places."""
        there = [f"{x:.1f} {y:.1f}" for x, y in zip(xs, highs, strict=True)]
        back = [f"{x:.1f} {y:.1f}" for x, y in zip(reversed(xs), reversed(lows), strict=True)]
        path = "L".join([*there, *back])
        self._parts.append(f'<path d="M{path}Z" fill="{colour}" fill-opacity="{alpha:.2f}"/>')

    def image(self, x: float, y: float, width: float, height: float, grey: npt.NDArray[np.uint8]) -> None:
        """A picture [H, W], 0 = black, stretched."""
        data = base64.b64encode(png(grey)).decode("ascii")
        place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" preserveAspectRatio="none"'
        self._parts.append(f'<image {place} href="data:image/png;base64,{data}"/>')

    def text(self, x: float, y: float, words: str, *, anchor: str = "middle", colour: str = INK, turn: int = 0) -> None:
        """Words whose middle line is at ``y``; ``turn`` in degrees, clockwise, around (x, y)."""
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" dy="0.35em" text-anchor="{anchor}" fill="{colour}"{turned}>'
            f"{html.escape(words)}</text>"
        )

    def svg(self) -> str:
        """The whole."""
        return f"{self._head}{''.join(self._parts)}</svg>"


def breadth(words: str) -> float:
    """About how wide a text will be: the reader's font is not known."""
    return SIZE * sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.75 if c.isupper() else 0.6 for c in words)


def ticks(low: float, high: float, at_most: int, *, whole: bool = False) -> list[tuple[float, str]]:
    """Round values within ``low``..``high`` with their texts, about ``at_most`` of them."""
    raw = max((high - low) / at_most, 1.0 if whole else 0.0, math.ulp(max(abs(low), abs(high), 1.0)) * 16)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(i * step, f"{i * step:,.{digits}f}") for i in range(first, last + 1)]


def png(grey: npt.NDArray[np.uint8]) -> bytes:
    """An image [H, W], 0 = black, as PNG (ISO/IEC 15948): one 8-bit grey plane, no filter."""
    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")

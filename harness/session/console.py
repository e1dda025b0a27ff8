"""What the firmware prints: text in LOG frames, and text outside of any frame. A ``Tap``: it takes nothing from the session.

Bytes between two delimiters (00) that are no good frame are text where they are UTF-8 without control characters. A whole
line is known as text at once, before a delimiter comes, unless its second byte may be the type of a frame, whose bit 7 is
set. All other bytes outside of frames are damage: they stand in the file, escaped, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from harness.clock import Clock
from harness.errors import HostError
from harness.text import printable
from harness.wire.framing import Frame, FrameDecoder
from harness.wire.messages import Log

FILENAME: Final = "serial.log"
#: No frame is longer: what has no delimiter for so long is none.
_LONGEST: Final = 70_000
_KEPT_CHARS: Final = 1_000_000
#: A firmware that prints without end must not fill the disk.
_MOST_BYTES: Final = 16_000_000
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")  # ESC stays: boards colour their lines


class Console:
    """Collects it, and writes ``path`` (None: nothing) as it comes: a line each, with the seconds since this object was made.

    The file is made with the first line; an old one is removed, unless ``go_on``. ``clock`` is the host's. Control
    characters are written as escapes.
    """

    def __init__(self, clock: Clock, path: Path | None = None, *, go_on: bool = False) -> None:
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._path = path
        self._file: BinaryIO | None = None
        self._written = 0
        self._segment = bytearray()  # since the last delimiter
        self._told = 0  # bytes of it that are text already
        self._text = ""
        self._gone = 0  # lines that are kept no more
        self._read = 0  # characters of it that ``find`` is past
        self._line = ""  # a line that has no end yet, as it goes into the file
        self._line_at_s = 0.0
        if path is not None and not go_on:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise _disk(path, error) from error

    def __call__(self, direction: str, data: bytes, time_s: float) -> None:
        """Bytes of the line, as a ``Tap``. ``BenchError`` when the disk refuses."""
        if direction != "rx":
            return
        *whole, rest = data.split(b"\0")
        for piece in whole:
            self._segment += piece
            self._end()
        self._segment += rest
        self._lines_begun()
        if len(self._segment) > _LONGEST:
            self._end()

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines so far, the last one perhaps without its end yet."""
        found = self._text.replace("\r", "").split("\n")
        return tuple(found if found[-1] else found[:-1])

    @property
    def printed(self) -> int:
        """How many lines have had their end."""
        return self._gone + self._text.count("\n")

    def since(self, printed: int) -> tuple[str, ...]:
        """The lines behind the first ``printed`` ones, as far as they are kept."""
        return self.lines[max(0, printed - self._gone) :]

    def find(self, pattern: str | re.Pattern[str]) -> re.Match[str] | None:
        """The first match behind the one before; what it matched, and what stood before that, is then past."""
        found = re.compile(pattern).search(self._text, self._read)
        if found is not None:
            self._read = found.end()
        return found

    def unread(self) -> Sequence[str]:
        """The lines that ``find`` is not past."""
        return self._text[self._read :].replace("\r", "").splitlines()

    def close(self) -> None:
        """Write what has no line's end. May be called again. ``BenchError`` when the disk refuses."""
        if self._segment:
            self._end()
        if self._line:
            self._write("\n")
        if self._file is not None:
            self._file.close()
            self._path, self._file = None, None

    # -- inside --------------------------------------------------------------------------------------------------------

    def _lines_begun(self) -> None:
        """Whole lines of text of a segment that has not ended."""
        while True:
            start = self._segment[self._told : self._told + 2]
            end = self._segment.find(b"\n", self._told)
            if end < 0 or (len(start) == 2 and start[1] & 0x80):
                return
            text = _as_text(self._segment[self._told : end + 1])
            if text is None:
                return
            self._print(text)
            self._told = end + 1

    def _end(self) -> None:
        self._lines_begun()
        rest, self._segment, self._told = bytes(self._segment[self._told :]), bytearray(), 0
        if not rest:
            return
        (event,) = FrameDecoder(_LONGEST).push(rest + b"\0")
        if isinstance(event, Frame):
            if event.type == Log.TYPE:
                self._print(event.body.decode("utf-8", "backslashreplace"))
            return
        text = _as_text(rest)
        if text is not None:
            self._print(text)
        else:
            self._write(("\n" if self._line else "") + _escaped(rest) + "\n")  # a line of its own

    def _print(self, text: str) -> None:
        self._text += text
        if len(self._text) > _KEPT_CHARS:
            gone = len(self._text) - _KEPT_CHARS // 2
            self._gone += self._text.count("\n", 0, gone)
            self._text, self._read = self._text[gone:], max(0, self._read - gone)
        self._write(text)

    def _write(self, text: str) -> None:
        if self._path is None:
            return
        now_s = self._clock.monotonic_s() - self._began_s
        *whole, rest = text.split("\n")
        for part in whole:
            at_s = self._line_at_s if self._line else now_s
            self._put(f"{at_s:10.3f} {printable((self._line + part).removesuffix(chr(13)))}\n")
            self._line = ""
        if rest and not self._line:
            self._line_at_s = now_s
        self._line += rest

    def _put(self, line: str) -> None:
        assert self._path is not None
        if self._written >= _MOST_BYTES:
            return
        data = line.encode("utf-8", "backslashreplace")
        self._written += len(data)
        if self._written >= _MOST_BYTES:
            data += b"(the firmware prints without end: no more of it is kept)\n"
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("ab")
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise _disk(self._path, error) from error


def _as_text(data: bytes | bytearray) -> str | None:
    """``data`` as text, None when it is none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _escaped(data: bytes) -> str:
    return data.decode("ascii", "backslashreplace").replace("\n", "\\n")


def _disk(path: Path, error: OSError) -> HostError:
    return HostError(
        "the serial log cannot be written",
        where=str(path),
        found=error,
        next_step="check the disk, or leave it out: --no-serial-log",
    )

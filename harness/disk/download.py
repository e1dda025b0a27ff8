"""A file from the network into a folder: checked against its SHA-256, gone on with after a break, with word of how far it is."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from harness.errors import HostError

Progress = Callable[[int, int], None]  # bytes there, bytes in all (0: the host does not say)

_PIECE = 1 << 18
_TIMEOUT_S = 60.0
_NOT_MORE = 416  # the host has nothing behind what is there already


def fetched(url: str, sha256: str, folder: Path, progress: Progress | None = None) -> Path:
    """The file in ``folder`` by the last part of its URL; one that is there and right is kept.

    Raises ``BenchError`` when the host cannot be reached, breaks off, or sends something else. What was received before a break
    stays beside it as ``<name>.part`` and is gone on with next time; a whole file of another sum is removed.
    """
    import pooch  # here: it is slow to import, and most runs fetch nothing

    name = url.rpartition("/")[2]
    part = folder / f"{name}.part"

    def download(url: str, output_file: str, _pooch: object) -> None:
        _receive(url, part, progress or (lambda _done, _all: None))
        part.replace(output_file)

    try:
        return Path(pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=folder, downloader=download))
    except (OSError, ValueError) as error:
        kept = f"; {part.stat().st_size} bytes are kept" if part.is_file() else ""
        raise HostError(
            f"{name} could not be fetched",
            where=url,
            expected=f"a file of sha256 {sha256}",
            found=f"{error}{kept}",
            next_step="check the network and call it again, or set HIL_DATA_DIR to a copy",
        ) from error


def _receive(url: str, part: Path, progress: Progress) -> None:
    """Append what is missing to ``part``. ``OSError`` when it is not all there afterwards."""
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == _NOT_MORE and have:
            return  # all of it was there: its sum decides
        raise
    with response:
        if response.status != 206:  # a host that knows no ranges sends it all again
            have = 0
        length = int(response.headers.get("Content-Length") or 0)
        total = have + length if length else 0
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab" if have else "wb") as file:
            progress(have, total)
            while piece := response.read(_PIECE):
                file.write(piece)
                have += len(piece)
                progress(have, total)
    if total and have != total:
        raise OSError(f"the connection ended after {have} of {total} bytes")

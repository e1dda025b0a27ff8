"""Several files that belong together: all of them are written, or none, and what stood there before stands there again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.disk import files


@contextmanager
def written(*contents: tuple[Path, bytes]) -> Iterator[None]:
    """Write the files, with the folders they go to, for good once the block has ended without an exception.

    Whatever is raised, in the writing or in the block, is raised on; files and folders are then as they were before.
    """
    before: list[tuple[Path, bytes | None]] = []
    made: list[Path] = []
    try:
        for path, content in contents:
            for folder in reversed(path.absolute().parents):
                if not folder.exists():
                    folder.mkdir()
                    made.append(folder)
            before.append((path, files.content(path) if path.exists() else None))
            files.replace(path, content)
        yield
    except BaseException:
        for path, old in reversed(before):
            if old is None:
                with suppress(FileNotFoundError, NotADirectoryError):  # it never came to be
                    path.unlink()
            else:
                files.replace(path, old)
        for folder in reversed(made):
            if not any(folder.iterdir()):  # somebody else may have put a file there meanwhile
                folder.rmdir()
        raise


def write(*contents: tuple[Path, bytes]) -> None:
    """All of the files or, after an ``OSError``, none that was not there before."""
    with written(*contents):
        pass

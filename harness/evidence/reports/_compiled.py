"""What templates compile to, kept in the user's cache: that is most of the time that a page takes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from harness.disk import files, folders
from harness.disk.scratch import scratch
from harness.errors import BenchError


class Kept(jinja2.BytecodeCache):
    """By a template's name and content (Jinja's part), Jinja's release, and ``salt``, which stands for how templates are compiled.

    A file that is damaged is not believed, and no page needs the folder: where it cannot be used, templates are compiled.
    """

    def __init__(self, salt: str) -> None:
        self._salt = hashlib.sha256(f"{jinja2.__version__}:{salt}".encode()).hexdigest()[:16]

    def load_bytecode(self, bucket: Bucket) -> None:
        """See Jinja."""
        try:
            path = self._path(bucket)
            if files.intact(path):
                bucket.bytecode_from_string(files.content(path))
        except (OSError, BenchError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """See Jinja."""
        try:
            path = self._path(bucket)
            with scratch("page-", folders.made(path.parent)) as place:
                fresh = place / path.name
                fresh.write_bytes(bucket.bytecode_to_string())
                files.keep(fresh, path)
        except (OSError, BenchError):
            pass

    def _path(self, bucket: Bucket) -> Path:
        return folders.cache_path("pages") / f"{bucket.key}-{self._salt}"

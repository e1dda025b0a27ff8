"""A real PostgreSQL of this machine's, started for the tests on a socket in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_READY = "database system is ready to accept connections"


@dataclass
class Server:
    folder: Path
    made: int = 0

    def url(self, database: str) -> str:
        return f"postgresql://hil@/{database}?host={self.folder}"

    def new_database(self, template: str = "template0") -> str:
        """The URL of one that is empty, or a copy of another."""
        import psycopg

        self.made += 1
        name = f"history{self.made}"
        with psycopg.connect(host=str(self.folder), user="hil", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)


@contextmanager
def server() -> Iterator[Server]:
    """It runs until the block ends. The test is skipped, with the reason, where there is none."""
    pytest.importorskip("psycopg", reason="needs psycopg: pip install 'hil[postgres]'")
    initdb, postgres = _program("initdb"), _program("postgres")
    with tempfile.TemporaryDirectory(prefix="hilpg") as name:
        folder = Path(name)
        by = _unprivileged(folder)
        data = folder / "data"
        environment = os.environ | {"LC_ALL": "C.UTF-8"}
        subprocess.run(
            [*by, initdb, "-D", data, "-U", "hil", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=folder,
            env=environment,
        )
        options = {"listen_addresses": "", "fsync": "off", "max_connections": "60", "logging_collector": "off"}
        settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        running = subprocess.Popen(
            [*by, postgres, "-D", data, "-k", folder, *settings],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment,
        )
        assert running.stderr is not None
        try:
            said = []
            for line in running.stderr:
                said.append(line)
                if _READY in line:
                    break
            else:
                pytest.fail(f"PostgreSQL did not start: {''.join(said)}")
            yield Server(folder)
        finally:
            running.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            running.communicate(timeout=60)


def _program(name: str) -> str:
    newest_first = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]), reverse=True
    )
    found = shutil.which(name) or next(map(str, newest_first), None)
    if found is None:
        pytest.skip(f"there is no PostgreSQL here: {name} is neither on PATH nor below /usr/lib/postgresql")
    return found


def _unprivileged(folder: Path) -> list[str]:
    """The words before a command that make it another user's: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    if (setpriv := shutil.which("setpriv")) is None:
        pytest.skip("PostgreSQL does not run as root, and there is no setpriv to become somebody else")
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    pytest.skip("PostgreSQL does not run as root, and there is no user to become")

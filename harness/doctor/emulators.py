"""What can stand in for a board."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.bench import boards
from harness.doctor.finding import Finding
from harness.errors import HilError
from harness.renode import locate

_TRIED = ((1, 13), (1, 16))
_TIMEOUT_S = 90.0
# In a process of its own: entering a namespace cannot be taken back.
_ASK = """
import sys
from pathlib import Path
from harness.renode import isolate
from harness.renode.launch import launch
try:
    how = "its control server " + isolate.enter()
except OSError:
    how = "over pipes, without any listener (no network namespace here)"
with launch(Path(sys.argv[1]), "console") as renode:
    print(renode.monitor.execute("version", 30.0, renode.watch).splitlines()[-1])
print(how)
"""


def virtual() -> Iterator[Finding]:
    """The virtual board."""
    version = importlib.metadata.version("unicorn")
    kinds = [name for name in boards.names() if boards.load_board(name).virtual]
    yield Finding("emulators", "virtual board", "ok", f"Unicorn {version}; {', '.join(kinds)}; no cycles, no latency")


def renode() -> Iterator[Finding]:
    """Renode, started once to see that it runs."""
    try:
        path = locate.require()
    except HilError as error:
        yield Finding("emulators", "Renode", "missing", error.what.split(";")[0], locate.INSTALL, needed=False)
        return
    version, how = _ask(path)
    if version is None:
        yield Finding("emulators", "Renode", "broken", f"{path} does not come up: {how}",
                      f"run `{path} --version`; {locate.INSTALL}", needed=False)  # fmt: skip
        return
    text = ".".join(map(str, version))
    if not _TRIED[0] <= version[:2] <= _TRIED[1]:
        yield Finding(
            "emulators", "Renode", "broken", f"{path}, {text}: known are 1.13 to 1.16", locate.INSTALL, needed=False
        )
    else:
        yield Finding("emulators", "Renode", "ok", f"{path}, {text}, driven {how}", needed=False)


def _ask(path: Path) -> tuple[tuple[int, int, int] | None, str]:
    from harness.renode.machine import version_of

    try:
        done = subprocess.run(
            [sys.executable, "-c", _ASK, str(path)], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        version, how = done.stdout.splitlines()[-2:]
        return version_of(version), how
    except subprocess.TimeoutExpired:
        return None, f"no answer within {_TIMEOUT_S:g} s"
    except (HilError, ValueError):
        return None, " ".join(done.stderr.split())[-300:] or f"exit status {done.returncode}"

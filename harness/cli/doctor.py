"""``hil doctor``: what is installed, attached and missing, and the next command for each. It changes nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from serial.tools import list_ports

from harness.bench import boards, discover

State = Literal["ok", "missing", "broken"]

_TIMEOUT_S = 60.0  # zig unpacks itself at its first start on a slow disk


@dataclass(frozen=True)
class Finding:
    """One line. ``needed`` is False for what only widens what can be done; ``next_step`` is a command or empty."""

    area: str
    subject: str
    state: State
    detail: str
    next_step: str = ""
    needed: bool = True


def examine() -> list[Finding]:
    """Every check in order. A check that fails in an unforeseen way is a ``broken`` line, never an exception."""
    findings: list[Finding] = []
    for check in (_python, _packages, _compilers, _debug, _units, _emulators, _data):
        findings += _guarded(check)
    return findings


def _guarded(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - the doctor must not fall ill itself
        return [Finding(check.__name__.strip("_"), "this check", "broken", f"{type(error).__name__}: {error}")]


def _python() -> Iterator[Finding]:
    version = platform.python_version()
    right = sys.version_info >= (3, 11)
    yield Finding(
        "host", "Python", "ok" if right else "broken", f"{version} on {platform.platform(terse=True)}",
        "" if right else "install Python 3.11 or later",
    )  # fmt: skip


def _packages() -> Iterator[Finding]:
    try:
        required = importlib.metadata.requires("hil") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("packages", "hil", "broken", "used from a folder, not installed: pyOCD cannot find the virtual board",
                      "pip install -e .")  # fmt: skip
        return
    for requirement in required:
        match = re.match(r"[A-Za-z0-9._-]+", requirement)
        if match is not None and "extra ==" not in requirement:
            yield _package(match[0], requirement)
    for extra, name, use in (("tensorflow", "tensorflow-cpu", "training, .keras and .h5 models"),):
        finding = _package(name, name)
        if finding.state == "missing":
            yield Finding("packages", name, "missing", f"only for {use}", f"pip install 'hil[{extra}]'", needed=False)
        else:
            yield finding


def _package(name: str, requirement: str) -> Finding:
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            "packages", name, "missing", f"needs {wanted.specifier or 'any version'}", f"pip install '{wanted}'"
        )
    if not wanted.specifier.contains(version, prereleases=True):
        return Finding("packages", name, "broken", f"{version}, needs {wanted.specifier}", f"pip install '{wanted}'")
    return Finding("packages", name, "ok", version)


def _compilers() -> Iterator[Finding]:
    zig = subprocess.run(
        [sys.executable, "-m", "ziglang", "version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    if zig.returncode == 0:
        yield Finding("compilers", "zig cc", "ok", f"{zig.stdout.strip()} (the default)")
    else:
        yield Finding(
            "compilers", "zig cc", "broken", zig.stderr.strip()[-200:], "pip install --force-reinstall ziglang"
        )
    gcc = shutil.which("arm-none-eabi-gcc")
    if gcc:
        yield Finding("compilers", "arm-none-eabi-gcc", "ok", f"{gcc} (use it with --compiler gcc)", needed=False)
    else:
        yield Finding("compilers", "arm-none-eabi-gcc", "missing", "only for --compiler gcc",
                      "apt-get install gcc-arm-none-eabi", needed=False)  # fmt: skip


def _debug() -> Iterator[Finding]:
    probes = {entry.name for entry in importlib.metadata.entry_points(group="pyocd.probe")}
    if "hil_virtual" in probes:
        yield Finding("debug", "pyOCD plug-in", "ok", "virtual boards are listed by `pyocd list`")
    else:
        yield Finding("debug", "pyOCD plug-in", "broken", "pyOCD does not see it: virtual boards cannot be flashed",
                      "pip install -e .")  # fmt: skip
    from pyocd.target import TARGET

    for name in boards.names():
        board = boards.load_board(name)
        target = TARGET.get(board.debug.target)
        origin = (
            "pyOCD's own" if target is not None and target.__module__.startswith("pyocd.") else "ours: pyOCD has none"
        )
        yield Finding("debug", name, "ok", f"pyOCD target {board.debug.target} ({origin})")
    yield from _udev()


def _udev() -> Iterator[Finding]:
    if not sys.platform.startswith("linux") or os.geteuid() == 0:
        return
    folders = [Path("/etc/udev/rules.d"), Path("/usr/lib/udev/rules.d"), Path("/lib/udev/rules.d")]
    for rules in (rule for folder in folders if folder.is_dir() for rule in sorted(folder.glob("*.rules"))):
        try:
            if "0483" in rules.read_text(encoding="utf-8", errors="replace"):
                yield Finding("debug", "udev rules", "ok", str(rules))
                return
        except OSError:
            continue
    yield Finding("debug", "udev rules", "missing", "a plain user cannot open an ST-LINK without them",
                  "see pyOCD's udev folder: copy 49-stlinkv2-1.rules to /etc/udev/rules.d, then `sudo udevadm control --reload`",
                  needed=False)  # fmt: skip


def _units() -> Iterator[Finding]:
    known = {unit.port for name in boards.names() for unit in discover.attached(boards.load_board(name))}
    for name in boards.names():
        for unit in discover.attached(boards.load_board(name)):
            yield Finding("units", unit.uid, "ok", f"{unit.port}, maybe a {name} ({unit.description})", needed=False)
    for port in list_ports.comports():
        if port.device in known or port.vid is None:
            continue
        yield Finding("units", port.device, "ok", f"{port.description}: no known kind of board", needed=False)
    if not known:
        yield Finding("units", "real boards", "missing", "none attached: `auto` takes the virtual board", needed=False)


def _emulators() -> Iterator[Finding]:
    version = importlib.metadata.version("unicorn")
    kinds = [name for name in boards.names() if boards.load_board(name).virtual]
    yield Finding("emulators", "virtual board", "ok", f"Unicorn {version}; {', '.join(kinds)}; no cycles, no latency")
    renode = os.environ.get("HIL_RENODE") or shutil.which("renode")
    yield Finding("emulators", "Renode", "missing",
                  f"{renode} is here, but this version has no Renode backend" if renode else "not used by this version",
                  needed=False)  # fmt: skip


def _data() -> Iterator[Finding]:
    yield Finding("data", "digits", "ok", "comes with scikit-learn")
    folder = os.environ.get("HIL_DATA_DIR")
    if folder and (Path(folder) / "mnist").is_dir():
        yield Finding("data", "mnist", "ok", str(Path(folder) / "mnist"), needed=False)
    else:
        yield Finding("data", "mnist", "missing", "HIL_DATA_DIR is not set" if not folder else f"not in {folder}",
                      "hil data fetch mnist, or set HIL_DATA_DIR to a folder that has mnist/", needed=False)  # fmt: skip

"""The user's folders that we keep things in. Each can be set by a variable, which every refusal names."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import platformdirs

from harness.errors import HostError

CACHE: Final = "HIL_CACHE_DIR"
STATE: Final = "HIL_STATE_DIR"
RUNTIME: Final = "HIL_RUNTIME_DIR"


def cache_path(name: str) -> Path:
    """Where ``name`` of what can be made again lies: below ``$HIL_CACHE_DIR``, else below the user's cache folder.

    Need not exist. ``BenchError`` when the user has no home.
    """
    return _chosen(CACHE, platformdirs.user_cache_dir) / name


def state_path(name: str) -> Path:
    """Where ``name`` of what was learnt here lies: below ``$HIL_STATE_DIR``, else the user's state folder. As ``cache_path``."""
    return _chosen(STATE, platformdirs.user_state_dir) / name


def for_compilers() -> dict[str, str]:
    """The environment of a compiler. zig has a cache of its own below the user's; it goes with ours where ours was moved to."""
    environment = dict(os.environ)
    if os.environ.get(CACHE):
        environment.setdefault("ZIG_GLOBAL_CACHE_DIR", str(cache_path("zig").absolute()))
    return environment


def made(path: Path, variable: str = CACHE) -> Path:
    """The folder, created if absent. ``BenchError`` naming ``variable``, which sets it, when that fails or none may write there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(f"user {_user()} may not write there")
    except OSError as error:
        raise unusable(path, error, variable) from error
    return path


def usable(path: Path, variable: str = CACHE) -> Path:
    """The folder, if ``made`` would succeed; nothing is made. ``BenchError`` as ``made``."""
    try:
        there = next(parent for parent in (path, *path.parents) if parent.is_symlink() or parent.exists())
        is_folder = there.is_dir()
    except OSError as error:
        raise unusable(path, error, variable) from error
    if not is_folder:
        raise unusable(path, f"{there} is no folder", variable)
    if not os.access(there, os.W_OK | os.X_OK):
        raise unusable(path, f"user {_user()} may not write in {there}", variable)
    return path


def unusable(path: Path, why: OSError | str, variable: str = CACHE) -> HostError:
    """The error for a folder of ours that cannot be used, with the variable that names another."""
    kind = {CACHE: "cache folder", STATE: "state folder", RUNTIME: "runtime folder"}[variable]
    said = why.strerror or str(why) if isinstance(why, OSError) else why
    return HostError(
        f"the {kind} cannot be used",
        where=str(path),
        found=said,
        next_step=f"set {variable} to a folder of your own that can be written",
    )


def runtime_folder() -> Path:
    """The private folder for what lives only while something runs: locks, holder records, the virtual units' sockets.

    ``$HIL_RUNTIME_DIR``, else a folder of this user's in ``/tmp``. Not ``$XDG_RUNTIME_DIR`` and not ``$TMPDIR``: a shell has
    them, a systemd service, a cron job and a CI job of the same user have none or others, and a night and a person must meet
    at one lock. Created with mode 0700. ``BenchError`` when it cannot be made, or belongs to somebody else: a shared temporary
    folder must not let another user hold our units.
    """
    override = os.environ.get(RUNTIME)
    folder = Path(override) if override else _for_all_sessions() / f"hil-{_user()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise unusable(folder, "a link to another folder", RUNTIME)
        if hasattr(os, "getuid"):
            if found.st_uid != os.getuid():
                raise unusable(folder, f"it belongs to user {found.st_uid}, and this is user {os.getuid()}", RUNTIME)
            if found.st_mode & 0o077:
                folder.chmod(0o700)
    except OSError as error:
        why = "a link to nothing" if folder.is_symlink() else error
        raise unusable(folder, why, RUNTIME) from error
    return folder


def _for_all_sessions() -> Path:
    """The temporary folder that whatever runs on this host finds, however it was started."""
    usual = Path("/tmp")  # what is made in it is private, and refused if somebody else has made it
    return usual if os.name == "posix" and os.access(usual, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def _chosen(variable: str, usual: Callable[[str], str]) -> Path:
    override = os.environ.get(variable)
    if override:
        return Path(override)
    try:
        found = Path(usual("hil"))
    except RuntimeError:
        found = Path()
    if not found.is_absolute():
        # No HOME and no entry in the list of users (a container's numeric user): "~" would be made in the working folder.
        raise HostError(
            "this user has no home to keep built images and data in",
            expected="a HOME",
            found=f"user {_user()}, HOME {os.environ.get('HOME', 'not set')!r}",
            next_step=f"set HOME, or {variable} to a folder of your own",
        )
    return found


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")

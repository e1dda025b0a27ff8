"""Which description of a chip pyOCD works with: its own, an installed CMSIS pack's, or ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def choose(target: str, pack_target: str) -> tuple[str, str]:
    """The name to give pyOCD and where the description comes from, in words.

    pyOCD's own first, then an installed pack that has ``pack_target`` ("" = none is known), then the one that comes with the
    harness under the name ``target``.
    """
    from pyocd.target import TARGET

    known = TARGET.get(target)
    if known is not None and known.__module__.startswith("pyocd."):
        return target, "pyOCD's own"
    if pack_target and installed(pack_target):
        from pyocd.target.pack.pack_target import ManagedPacks

        ManagedPacks.populate_target(pack_target)
        if pack_target.lower() in TARGET:
            return pack_target.lower(), "CMSIS pack"
    return target, "hil's own description"


def installed(pack_target: str, cache: Any = None) -> bool:
    """Whether an installed CMSIS pack describes that part. Looks at files only; nothing is downloaded."""
    import cmsis_pack_manager

    cache = cache or cmsis_pack_manager.Cache(True, True)
    # The index of all vendors' packs is large: it is not read where no pack is installed at all.
    if not any(Path(cache.data_path).rglob("*.pack")):
        return False
    part = next((entry for name, entry in cache.index.items() if name.lower() == pack_target.lower()), None)
    return part is not None and any(
        (Path(cache.data_path) / pack.get_pack_name()).is_file() for pack in cache.packs_for_devices([part])
    )


def install_line(pack_target: str) -> str:
    """The command that gets the pack."""
    return f"pyocd pack install {pack_target}"

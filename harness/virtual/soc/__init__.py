"""Chips: one file each, found by its name. A file here named ``<name>.py`` makes ``<name>`` a chip.

Such a file has

- ``PYOCD_TARGET``: the name of pyOCD's target for it;
- ``CHIP``: a class that takes the unit's id, makes the chip's own unique id of it (no two units have the same), and
  ``kept_flash``, for its ``flash_array``; it is a ``Chip`` (``harness.virtual.soc._chip``): memory map, interrupt numbers and
  the peripherals that are modelled;
- ``target()``, only if pyOCD has no such target built in: returns a ``CoreSightTarget`` subclass. It imports pyOCD
  inside, because a unit's process has no use for it.

Names with a leading underscore are shared parts, not chips.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from harness.errors import MisuseError
from harness.virtual.soc._chip import Chip


def names() -> tuple[str, ...]:
    """The chips that are here, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def _module(name: str) -> ModuleType:
    if name not in names():
        raise MisuseError(
            f"no chip is named {name!r}",
            expected=f"one of: {', '.join(names())}",
            next_step="a new one is a file in harness/virtual/soc",
        )
    return importlib.import_module(f"{__name__}.{name}")


def build(name: str, uid: str, kept_flash: int | None = None) -> tuple[str, Chip]:
    """The chip ``name`` as (pyOCD target name, chip). ``MisuseError`` lists the known ones.

    ``kept_flash``: the descriptor of a file that the flash's content is kept in, for units that lose their power.
    """
    module = _module(name)
    chip: Chip = module.CHIP(uid, kept_flash)
    return module.PYOCD_TARGET, chip


def register_targets() -> None:
    """Make the targets of all chips known to pyOCD unless something else of that name is."""
    from pyocd.target import TARGET

    for name in names():
        module = _module(name)
        if hasattr(module, "target") and module.PYOCD_TARGET not in TARGET:
            TARGET[module.PYOCD_TARGET] = module.target()

"""The command line: ``hil``. It parses, calls and prints; nothing is decided here.

Every module named ``<area>_commands`` adds its commands by being imported: a new area is one file.
"""

import importlib
import pkgutil

from harness.cli.app import main

for _module in pkgutil.iter_modules(__path__):
    if _module.name.endswith("_commands"):
        importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["main"]

"""The command line: ``hil``. It parses, calls and prints; nothing is decided here.

Every module named ``<area>_commands`` adds its commands by being imported: a new area is one file.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback


def main(arguments: list[str] | None = None) -> None:
    """The entry point. Ends the process with a status of ``app.Exit``; 1 only where there is evidence against a product."""
    try:
        from harness.cli import app

        for module in pkgutil.iter_modules(__path__):
            if module.name.endswith("_commands"):
                importlib.import_module(f"{__name__}.{module.name}")
    except Exception as error:  # noqa: BLE001 - Python itself would end with 1, a wrong product's status
        try:
            from harness.cli import faults
        except Exception:  # noqa: BLE001 - not even that: an installation in pieces
            traceback.print_exception(error)
            sys.exit(5)
        refusal = faults.refused(error)
        print(f"hil: {refusal}" if refusal else faults.told(error), file=sys.stderr)
        sys.exit(2 if refusal else 5)
    app.main(arguments)


__all__ = ["main"]

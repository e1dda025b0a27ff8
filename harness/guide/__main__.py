"""``python -m harness.guide``: writes what is made from code into the pages. ``--check``: says which are not up to date."""

from __future__ import annotations

import sys

from harness.guide import parts

if __name__ == "__main__":
    sys.exit(parts.main(sys.argv[1:]))

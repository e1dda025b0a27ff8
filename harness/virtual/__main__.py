"""``python -m harness.virtual``: one virtual unit as a process."""

import sys

from harness.virtual.host.process import main

if __name__ == "__main__":
    sys.exit(main())

"""``python -m harness.qemu``."""

import sys

from harness.qemu.process import main

sys.exit(main())

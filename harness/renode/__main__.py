"""``python -m harness.renode``."""

import sys

from harness.renode.process import main

sys.exit(main())

from __future__ import annotations

import pytest
from evidence_runs import Run, make_run


@pytest.fixture
def run() -> Run:
    return make_run()

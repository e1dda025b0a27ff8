"""Three virtual units of a kind, reached as attached ones."""

import pytest
from shard_stage import BOARD, digits_case, run

from harness.testing.rack import VirtualRack


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    with VirtualRack({BOARD: 3}, tmp_path_factory.mktemp("rack") / "bench.yaml", prefix="s") as units:
        yield units


@pytest.fixture(scope="module")
def alone(rack):
    """The same case on one unit."""
    return run(digits_case(160), rack)

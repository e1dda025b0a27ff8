"""Each test has a rack's state of its own; those that need units share two running ones."""

from dataclasses import replace

import pytest

from harness.testing.rack import VirtualRack


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """The state folder."""
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    """Two virtual units of a kind."""
    with VirtualRack({"nucleo_f446re": 2}, tmp_path_factory.mktemp("rack") / "bench.yaml") as rack:
        yield rack


@pytest.fixture
def places(rack):
    """Where they are; nothing switches their power."""
    return tuple(replace(place, power=None, hub=None) for place in rack.places())

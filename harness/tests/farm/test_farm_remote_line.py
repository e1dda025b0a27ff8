"""A stream from another host keeps the line as full as one from here. In real time, as shares of one another in one run."""

import os

import pytest
import remote_line

FULL = os.environ.get("HIL_FULL") == "1"


@pytest.mark.skipif(not FULL, reason="fills a line in real time; with HIL_FULL=1")
@pytest.mark.parametrize("n_bytes", [64, 784])
def test_over_50_ms_of_round_trip_a_stream_uses_nine_tenths_of_what_it_does_here(n_bytes):
    found = remote_line.measured(n_bytes, 4.0)
    print(n_bytes, "B:", {name: round(share, 3) for name, share in found.items()})
    assert found["beside"] >= 0.9 * found["here"]
    assert found["end to end"] >= 0.9 * found["here"], "the client's clock sees it too"

import sys
import tempfile
from pathlib import Path

import pytest

# Pages show the runs that the tests of evidence make, and the case that the tests of running run.
sys.path += [str(Path(__file__).parents[1] / name) for name in ("evidence", "evidence/history", "run")]

for module in ("fastapi", "sse_starlette", "httpx"):
    pytest.importorskip(module, reason="pages need hil[web]: pip install -e '.[dev]'")

import httpx  # noqa: E402 - behind what asks for it
from web_site import TOKEN, filled, served  # noqa: E402

from harness.web.serve import Where, make_settings  # noqa: E402


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    return tmp_path_factory.mktemp("site") / "hil-reports"


@pytest.fixture(scope="session")
def history(base):
    """Runs of some nights. Tests add notes and tags to it, and take nothing away."""
    with filled(base, nights=4) as store:
        yield store


@pytest.fixture(scope="session")
def near_settings(base):
    return make_settings(base, Where())


@pytest.fixture(scope="session")
def near_site(history, near_settings):
    with served(history, near_settings) as url:
        yield url


@pytest.fixture(scope="session")
def far_site(history, base):
    with served(history, make_settings(base, Where("192.0.2.7", names=("hil.example",)), TOKEN)) as url:
        yield url


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch):
    """What one test runs is not seen by another. Not below pytest's folder: the path of a Unix socket must stay short."""
    with tempfile.TemporaryDirectory(prefix="hil-") as folder:
        monkeypatch.setenv("HIL_RUNTIME_DIR", folder)
        yield


def _client(url):
    return httpx.Client(base_url=url, headers={"accept": "text/html"}, timeout=60)


@pytest.fixture
def client(near_site):
    """Requests to a site on this host alone."""
    with _client(near_site) as made:
        yield made


@pytest.fixture
def far(far_site):
    """The same to a site that thinks it is bound to an address of the lab, without the token."""
    with _client(far_site) as made:
        yield made

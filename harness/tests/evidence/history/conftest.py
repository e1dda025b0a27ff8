from __future__ import annotations

import pytest
from history_postgres import server

from harness.evidence.history import History


@pytest.fixture(scope="session")
def postgres():
    with server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of a database that is empty, of both kinds that are promised."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.db"
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture
def history(url):
    with History.open(url) as store:
        yield store

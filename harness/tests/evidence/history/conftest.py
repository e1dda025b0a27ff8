from __future__ import annotations

import shutil

import pytest
from history_postgres import server
from sqlalchemy import make_url

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


@pytest.fixture(scope="session")
def made_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("made") / "history.db"
    History.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def made_database(postgres):
    url = postgres.new_database()
    History.open(url).close()
    return make_url(url).database


@pytest.fixture(params=["sqlite", "postgresql"])
def history(request, tmp_path):
    """A store of both kinds that holds nothing yet; a copy, since making one takes a while."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("made_file"), tmp_path / "history.db")
        url = f"sqlite:///{tmp_path}/history.db"
    else:
        url = request.getfixturevalue("postgres").new_database(request.getfixturevalue("made_database"))
    with History.open(url) as store:
        yield store

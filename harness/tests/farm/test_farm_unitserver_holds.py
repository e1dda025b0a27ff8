"""A hold is a person's, also where every run of other hosts comes in by one account."""

import pytest

from harness.bench import holds, lease, people, unit
from harness.bench.places import Place
from harness.bench.remote.connection import Connection
from harness.bench.taking import Wish
from harness.farm.unitserver.stdio import opener

UNIT = Place("nucleo_f446re", "u1", "loop://")


class NoProbe(Exception):
    """What is asked for a probe here has got the unit."""


def no_probe(*_arguments, **_more):
    raise NoProbe


@pytest.fixture(autouse=True)
def account(tmp_path, monkeypatch):
    monkeypatch.setattr(unit, "PyocdProbe", no_probe)
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path))
    monkeypatch.setenv(people.USER, "rack")  # as whom sshd starts the server


def held_by(person, monkeypatch):
    with monkeypatch.context() as as_them:
        as_them.setenv(people.USER, person)
        holds.hold(UNIT.uid, reason="soldering")


def opened(**wish):
    return opener(UNIT.uid, (UNIT,))(UNIT.board, Wish("a test", 0.0, **wish))


@pytest.mark.parametrize("holder", ["ann", "rack"])
def test_whoever_comes_in_by_the_account_does_not_get_a_unit_that_another_holds(holder, monkeypatch):
    held_by(holder, monkeypatch)
    with pytest.raises(lease.OutOfService, match=f"held by {holder}"), opened(named=True, user="bob"):
        pass


def test_who_holds_a_unit_gets_it_from_another_host_by_naming_it_alone(monkeypatch):
    held_by("ann", monkeypatch)
    with pytest.raises(lease.OutOfService), opened(named=False, user="ann"):
        pass
    with pytest.raises(NoProbe), opened(named=True, user="ann"):
        pass


def test_a_client_says_who_asks_and_whether_by_name(monkeypatch):
    asked = {}

    class Asked(Exception):
        pass

    class Calls:
        def begin(self, verb, **args):
            asked.update(args)
            raise Asked

    monkeypatch.setenv(people.USER, "ann")
    monkeypatch.setattr(Connection, "__init__", lambda self, *_: setattr(self, "calls", Calls()))
    monkeypatch.setattr(Connection, "close", lambda self: None)
    with pytest.raises(Asked):
        Connection.open("rack2", "u1", board="b", what="w", named=False)
    assert (asked["user"], asked["named"]) == ("ann", False)

"""How long tests took before, as the plug-in asks for it: a help, and never in the way."""

from history_runs import a_record

from harness.evidence.history import History
from harness.plugin.spread import times


def test_how_long_tests_took_is_known_from_the_history_and_nothing_where_that_is_broken(tmp_path, monkeypatch):
    root = tmp_path / "hil-reports" / "20260101T000000Z-1"
    file = tmp_path / "hil-reports" / "history.db"
    monkeypatch.delenv("HIL_DB")
    assert times.known(root, ["digits/b1/small"]) == {}
    assert not file.exists()
    with History.open(base=file.parent) as history:
        history.add(a_record(), None, session="s")
    assert times.known(root, ["digits/b1/small", "", "digits/b2/small"]) == {"digits/b1/small": 8.0}
    file.write_bytes(b"no database at all" * 1000)
    assert times.known(root, ["digits/b1/small"]) == {}

from datetime import UTC, datetime, timedelta

import pytest

from harness.session.baud_memory import FILENAME, Remembered, recall, remember, state_file

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_the_speed_of_a_unit_on_its_port_is_remembered_for_a_month(tmp_path):
    path = tmp_path / "state" / FILENAME
    remember("u1", "/dev/ttyACM0", 460_800, {921_600: "lost frames"}, NOW, path)
    remember("u2", "/dev/ttyACM0", 115_200, {}, NOW, path)
    assert recall("u1", "/dev/ttyACM0", NOW, path) == Remembered(460_800, {921_600: "lost frames"})
    assert recall("u2", "/dev/ttyACM0", NOW, path) == Remembered(115_200, {})
    assert recall("u1", "/dev/ttyACM1", NOW, path) == Remembered()
    assert recall("u1", "/dev/ttyACM0", NOW + timedelta(days=31), path) == Remembered()


@pytest.mark.parametrize("content", ["", "[]", '{"u p": 3}', '{"u p": {"baud": "x", "checked": "y"}}', "\x00"])
def test_a_damaged_file_is_nothing_known_and_can_be_written_again(tmp_path, content):
    path = tmp_path / FILENAME
    path.write_text(content)
    assert recall("u", "p", NOW, path) == Remembered()
    remember("u", "p", 921_600, {}, NOW, path)
    assert recall("u", "p", NOW, path) == Remembered(921_600, {})


def test_a_disk_that_refuses_does_not_stop_a_run(tmp_path):
    (tmp_path / "file").write_text("")
    remember("u", "p", 921_600, {}, NOW, tmp_path / "file" / FILENAME)


def test_the_file_lies_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path))
    assert state_file() == tmp_path / FILENAME


def test_a_digit_that_was_changed_on_the_disk_is_not_believed(tmp_path):
    path = tmp_path / FILENAME
    remember("u", "p", 921_600, {}, NOW, path)
    path.write_text(path.read_text().replace("921600", "921601"))
    assert recall("u", "p", NOW, path) == Remembered()

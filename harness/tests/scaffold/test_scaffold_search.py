"""What lies in a project's folder is seen, and nothing is chosen."""

import pytest
from scaffold_kit import digits_npz, iris_model

from harness.errors import PlanError
from harness.scaffold import search


def test_models_and_data_are_seen_below_the_folder_and_not_in_what_is_no_part_of_it(tmp_path):
    for folder in (".git", "build", "venv", "nets/kws", "data"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    for place in (".git", "build", "venv", "data"):
        iris_model(tmp_path / place / "net.tflite")
        digits_npz(tmp_path / place / "digits.npz", 3)
    (tmp_path / "nets" / "kws" / "model.toml").touch()
    (tmp_path / "nets" / "kws" / "kws.tflite").touch()
    seen = search.look(tmp_path)
    assert seen.models == (tmp_path / "data" / "net.tflite", tmp_path / "nets" / "kws")
    assert [one.paths for one in seen.data] == [{"path": tmp_path / "data" / "digits.npz"}]


def test_hdf5_is_a_model_only_when_keras_wrote_a_network_into_it(tmp_path):
    (tmp_path / "data.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert search.look(tmp_path).models == ()
    (tmp_path / "net.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"model_config" + bytes(100))
    assert search.look(tmp_path).models == (tmp_path / "net.h5",)


def test_a_folder_is_empty_with_what_every_folder_may_have(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").touch()
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert search.is_empty(tmp_path)
    assert search.is_empty(tmp_path / "absent")
    (tmp_path / "main.c").touch()
    assert not search.is_empty(tmp_path)


def test_a_folder_with_too_much_in_it_asks_for_names(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "_MOST", 3)
    for n in range(4):
        (tmp_path / f"{n}").touch()
    with pytest.raises(PlanError, match="too much to look through") as caught:
        search.look(tmp_path)
    assert caught.value.next_step == "name the two: hil init MODEL DATA"

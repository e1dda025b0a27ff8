"""Datasets: what comes out, and what is refused before anything could be streamed."""

from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import importlib
import os
import struct
import tarfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from harness.data import DataMissing, Dataset, fetch, load, names
from harness.data.datasets import _mnist, digits, form
from harness.errors import BenchError, MisuseError, PlanError


def small(**changed: object) -> Dataset:
    parts: dict[str, object] = {
        "name": "s",
        "split": "test",
        "classes": ("a", "b"),
        "ids": np.array(["x", "y"]),
        "labels": np.array([0, 1], dtype=np.int64),
        "inputs": np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32),
    }
    return Dataset(**(parts | changed))  # type: ignore[arg-type]


def idx(array: np.ndarray, magic: int) -> bytes:
    return struct.pack(">I", magic) + b"".join(struct.pack(">I", n) for n in array.shape) + array.tobytes()


@pytest.mark.parametrize("name", names())
def test_every_form_offers_options_and_read(name: str) -> None:
    module = form(name)
    assert module.Options.model_config.get("extra") == "forbid"
    assert callable(module.read)


def test_digits_test_split_is_the_last_450_and_no_training_sample() -> None:
    test, train = load("digits", "test"), load("digits", "train")
    assert (len(test), len(train)) == (450, 1347)
    assert (test.ids[0], test.ids[-1]) == ("digits-1347", "digits-1796")
    assert not set(test.ids) & set(train.ids)
    assert test.inputs.shape == (450, 8, 8, 1)
    np.testing.assert_array_equal(test.inputs[..., 0] * 16, load_digits().images[1347:])
    np.testing.assert_array_equal(test.labels, load_digits().target[1347:])


def test_the_digits_are_read_by_scikit_learn_where_its_file_lies_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    here = load("digits").sha256
    monkeypatch.setattr(digits, "find_spec", lambda name: None)
    assert load("digits").sha256 == here


def test_the_first_samples_are_a_dataset_of_their_own_hash() -> None:
    whole, part = load("digits"), load("digits", samples=10)
    assert list(part.ids) == list(whole.ids[:10])
    assert part.sha256 != whole.sha256
    assert part.sha256 == load("digits", samples=10).sha256
    assert part.facts().n == 10
    with pytest.raises(PlanError, match="fewer samples"):
        load("digits", samples=451)


def test_the_hash_is_over_ids_labels_shape_and_inputs_in_that_order() -> None:
    expected = hashlib.sha256(
        b"x\ny\n" + struct.pack("<2q", 0, 1) + struct.pack("<2q", 2, 2) + struct.pack("<4f", 1, 2, 3, 4)
    ).hexdigest()
    assert small().sha256 == expected


def test_a_digest_is_over_a_samples_shape_and_values_and_not_over_its_id_or_label() -> None:
    expected = hashlib.sha256(struct.pack("<q", 2) + struct.pack("<2f", 3, 4)).digest()[:8]
    assert small().digests[1] == int.from_bytes(expected, "little")
    renamed = small(ids=np.array(["y", "z"]), labels=np.array([1, 0], dtype=np.int64))
    np.testing.assert_array_equal(renamed.digests, small().digests)
    turned = small(inputs=np.array([[[1.0], [2.0]], [[3.0], [4.0]]], dtype=np.float32))
    assert not (turned.digests == small().digests).any()


def test_a_further_input_changes_the_digest_of_its_own_sample_alone() -> None:
    first = small().inputs
    named = {"a": first, "b": np.array([[1.0], [2.0]], dtype=np.float32)}
    other = {"a": first, "b": np.array([[1.0], [3.0]], dtype=np.float32)}
    same = small(named=named).digests == small(named=other).digests
    assert list(same) == [True, False]


@pytest.mark.parametrize(
    "changed",
    [
        {"ids": np.array(["x", "z"])},
        {"labels": np.array([1, 1], dtype=np.int64)},
        {"inputs": np.array([[1.0, 2.0], [3.0, 5.0]], dtype=np.float32)},
        {"inputs": np.array([[[1.0], [2.0]], [[3.0], [4.0]]], dtype=np.float32)},
    ],
)
def test_any_change_of_the_data_changes_the_hash(changed: dict[str, object]) -> None:
    assert small(**changed).sha256 != small().sha256


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"ids": np.array(["x"])}, "differ in length"),
        ({"ids": np.array(["x", "x"])}, "occurs twice"),
        ({"labels": np.array([0, 2], dtype=np.int64)}, "no index of a class"),
        ({"labels": np.array([0, 1], dtype=np.int32)}, "wrong dtypes"),
        ({"inputs": np.array([[1.0, np.nan], [3.0, 4.0]], dtype=np.float32)}, "finite"),
        (
            {
                "ids": np.array([], dtype=str),
                "labels": np.array([], dtype=np.int64),
                "inputs": np.zeros((0, 2), np.float32),
            },
            "without samples",
        ),
    ],
)
def test_arrays_that_are_no_dataset_are_refused(changed: dict[str, object], says: str) -> None:
    with pytest.raises(PlanError, match=says):
        small(**changed)


def test_an_unknown_form_split_or_option_lists_the_known() -> None:
    with pytest.raises(PlanError, match="digits"):
        load("digit")
    with pytest.raises(PlanError, match="test, train"):
        load("digits", "validation")
    with pytest.raises(PlanError, match="source, images, labels"):
        load("idx", options={"sauce": "mnist"})


def test_own_idx_files_are_read_packed_and_plain(tmp_path: Path) -> None:
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    (tmp_path / "i.gz").write_bytes(gzip.compress(idx(images, 0x803)))
    (tmp_path / "l").write_bytes(idx(np.array([2, 0], dtype=np.uint8), 0x801))
    got = load("idx", options={"images": "i.gz", "labels": "l"}, folder=tmp_path)
    assert got.classes == ("0", "1", "2")
    assert got.labels.tolist() == [2, 0]
    np.testing.assert_array_equal(got.inputs[..., 0], (images / np.float32(255)).astype(np.float32))


IMAGES = idx(np.zeros((2, 3, 3), dtype=np.uint8), 0x803)
LABELS = idx(np.zeros(2, dtype=np.uint8), 0x801)


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (LABELS, LABELS, "not the idx file"),
        (b"", LABELS, "not the idx file"),
        (IMAGES[:-1], LABELS, "cut short"),
        (IMAGES[:9], LABELS, "cut short"),
        (IMAGES + b"\0", LABELS, "too long"),
        (gzip.compress(IMAGES)[:-9], LABELS, "gzip file is damaged"),
        (IMAGES, idx(np.zeros(3, dtype=np.uint8), 0x801), "differ in number"),
    ],
    # Names of our own: bytes as names (gzip's hold the time) differ between xdist's workers.
    ids=[
        "labels for images",
        "empty",
        "a byte short",
        "half a header",
        "a byte too many",
        "half a gzip",
        "another count",
    ],
)
def test_a_damaged_idx_file_is_refused(tmp_path: Path, images: bytes, labels: bytes, says: str) -> None:
    (tmp_path / "i").write_bytes(images)
    (tmp_path / "l").write_bytes(labels)
    with pytest.raises(PlanError, match=says):
        load("idx", options={"images": "i", "labels": "l"}, folder=tmp_path)


@pytest.fixture
def no_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("HIL_DATA_DIR", raising=False)
    monkeypatch.delenv("HIL_FETCH", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def mnist_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the files really are; for the code under test they are nowhere."""
    source = Path(os.environ["HIL_DATA_DIR"]) / "mnist"
    monkeypatch.delenv("HIL_DATA_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return source


def test_mnist_that_is_not_there_says_how_to_get_it(no_mnist: Path) -> None:
    with pytest.raises(DataMissing, match="HIL_DATA_DIR"):
        load("idx", options={"source": "mnist"})


def test_a_file_that_is_not_the_published_mnist_is_refused(no_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (no_mnist / "mnist").mkdir()
    for stem in _mnist.FILES["test"]:
        (no_mnist / "mnist" / f"{stem}.gz").write_bytes(gzip.compress(IMAGES))
    monkeypatch.setenv("HIL_DATA_DIR", str(no_mnist))
    with pytest.raises(PlanError, match="not the published one"):
        load("idx", options={"source": "mnist"})


def test_a_file_is_judged_by_its_sha256_whatever_its_md5(no_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two files of one MD5 are made in seconds; hashlib is asked for nothing of the kind.
    monkeypatch.setattr(hashlib, "md5", None)
    folder = no_mnist / "mnist"
    folder.mkdir()
    for stem in _mnist.FILES["test"]:
        content = gzip.compress(IMAGES)
        (folder / f"{stem}.gz").write_bytes(content)
        monkeypatch.setitem(_mnist.SHA256, f"{stem}.gz", hashlib.sha256(content).hexdigest())
    monkeypatch.setenv("HIL_DATA_DIR", str(no_mnist))
    assert [path.parent for path in _mnist.locate("test")] == [folder, folder]
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(content + b"\0")
    with pytest.raises(PlanError, match="sha256"):
        _mnist.locate("test")


@pytest.mark.parametrize("split", ["test", "train"])
def test_every_file_that_is_fetched_or_found_has_its_sum(split: str) -> None:
    assert {f"{stem}{end}" for stem in _mnist.FILES[split] for end in ("", ".gz")} <= _mnist.SHA256.keys()


def test_a_fetch_that_fails_is_the_rigs_error_and_leaves_nothing(
    no_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mnist, "MIRROR", "http://127.0.0.1:9/")  # the discard port: nobody answers
    monkeypatch.setenv("HIL_FETCH", "1")
    with pytest.raises(BenchError, match="could not be fetched"):
        load("idx", options={"source": "mnist"})
    assert list(_mnist.cache().glob("*")) == []


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A real web server on this host for the time of the block."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join(10)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_fetched_file_of_another_sum_is_thrown_away(no_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stem in _mnist.FILES["test"]:
        (no_mnist / f"{stem}.gz").write_bytes(b"not mnist")
    with serving(no_mnist) as url:
        monkeypatch.setattr(_mnist, "MIRROR", url)
        with pytest.raises(BenchError, match="could not be fetched"):
            fetch("mnist")
    assert list(_mnist.cache().glob("*")) == []


def test_only_known_sets_are_fetched() -> None:
    with pytest.raises(MisuseError, match="mnist"):
        fetch("imagenet")
    with pytest.raises(MisuseError, match="test, train"):
        fetch("mnist", "validation")


def test_a_slice_is_a_dataset_and_an_empty_one_is_refused() -> None:
    part = load("digits")[10:13]
    assert list(part.ids) == ["digits-1357", "digits-1358", "digits-1359"]
    with pytest.raises(PlanError, match="without samples"):
        part[3:]


@pytest.mark.skipif("HIL_DATA_DIR" not in os.environ, reason="HIL_DATA_DIR is not set: no MNIST files")
def test_what_was_asked_for_is_fetched_once_and_read(mnist_source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(mnist_source) as url:
        monkeypatch.setattr(_mnist, "MIRROR", url)
        monkeypatch.setenv("HIL_FETCH", "1")
        assert load("idx", samples=1, options={"source": "mnist"}).labels.tolist() == [7]
    # The server is gone: a second time nothing is asked of it.
    assert load("idx", samples=1, options={"source": "mnist"}).labels.tolist() == [7]


@pytest.mark.skipif("HIL_DATA_DIR" not in os.environ, reason="HIL_DATA_DIR is not set: no MNIST files")
def test_the_first_mnist_images_are_a_seven_and_a_two() -> None:
    got = load("idx", samples=1000, options={"source": "mnist"})
    assert got.inputs.shape == (1000, 28, 28, 1)
    assert got.labels[:4].tolist() == [7, 2, 1, 0]
    assert (got.inputs.min(), got.inputs.max()) == (0.0, 1.0)
    assert got.ids[999] == "mnist-test-00999"


def test_an_archive_of_ones_own_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine_test.npz", x=np.ones((3, 4)), y=np.array([1, 0, 1]), classes=np.array(["no", "yes"]))
    got = load("npz", options={"path": "mine_{split}.npz"}, folder=tmp_path)
    assert (got.classes, got.labels.tolist(), got.inputs.dtype) == (("no", "yes"), [1, 0, 1], np.float32)


def test_an_archive_that_would_run_code_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", x=np.array([{}, {}], dtype=object), y=np.array([0, 1]))
    with pytest.raises(PlanError, match="cannot be read"):
        load("npz", options={"path": "evil.npz"}, folder=tmp_path)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": np.ones((2, 2))}, "no array 'y'"),
        ({"x": np.ones((2, 2)), "y": np.array([0.0, 1.0])}, "class indices"),
        ({"x": np.ones(2), "y": np.array([0, 1])}, "real units"),
    ],
)
def test_an_archive_of_other_arrays_is_refused(tmp_path: Path, arrays: dict[str, np.ndarray], says: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(PlanError, match=says):
        load("npz", options={"path": "a.npz"}, folder=tmp_path)


def test_own_data_that_is_not_there_is_missing_not_wrong(tmp_path: Path) -> None:
    with pytest.raises(DataMissing):
        load("npz", options={"path": "none.npz"}, folder=tmp_path)


def test_rows_of_text_are_read_with_and_without_a_head(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,v1,v2\nyes,1,2\nno,3,4\n")
    got = load("csv", options={"path": "a.csv", "shape": "2x1", "classes": "no,yes"}, folder=tmp_path)
    assert (got.labels.tolist(), got.inputs.tolist()) == ([1, 0], [[[1.0], [2.0]], [[3.0], [4.0]]])
    (tmp_path / "b.csv").write_text("10,1\n2,3\n")
    assert load("csv", options={"path": "b.csv"}, folder=tmp_path).classes == ("2", "10")


@pytest.mark.parametrize(
    ("text", "says"),
    [("a,1,2\nb,1\n", ":2"), ("a,1\nb,x\n", ":2"), ("", "no samples"), ("a,1,2,3\n", "fill the shape")],
)
def test_rows_that_are_no_samples_are_refused_with_their_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(PlanError, match=says):
        load("csv", options={"path": "a.csv", "shape": "2"}, folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,1,x\nb,1,2\n", "nearly a sample"),
        ("a,1,\nb,1,2\n", "nearly a sample"),
        ("a,1_000,2_000\nb,1,2\n", "nearly a sample"),
        ("a,1+2j,2j\nb,1,2\n", "nearly a sample"),
        ("a,nan,inf\nb,1,2\n", "nearly a sample"),
        ("a,1,2\nb,1_000,2\n", "1_000"),
        ("a,1,2\nb,1+2j,2\n", r"1\+2j"),
        ("a,1,2\nb,nan,2\n", "nan"),
        ("a,1,2\nb,\uff11,2\n", "not a number"),
    ],
)
def test_a_cell_that_is_nearly_a_number_is_refused_and_never_a_head(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=says):
        load("csv", options={"path": "a.csv"}, folder=tmp_path)


def test_numbered_columns_are_no_sample(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("kind,0,1,2,3\nyes,5,5,5,5\nno,6,6,6,6\n")
    with pytest.raises(PlanError, match="numbered columns"):
        load("csv", options={"path": "a.csv"}, folder=tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_first_label(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\ufeffyes,1\nno,2\nyes,3\n".encode())
    assert load("csv", options={"path": "a.csv"}, folder=tmp_path).classes == ("no", "yes")


def test_a_column_may_be_named_j(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,j,k\nyes,1,2\n")
    assert len(load("csv", options={"path": "a.csv"}, folder=tmp_path)) == 1


def test_complex_inputs_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((2, 2), complex), y=np.array([0, 1]))
    with pytest.raises(PlanError, match="real units"):
        load("npz", options={"path": "a.npz"}, folder=tmp_path)


@pytest.mark.parametrize("name", ["csv", "npz"])
def test_what_never_ends_is_no_file_of_data(name: str) -> None:
    with pytest.raises(PlanError, match="regular file"):
        load(name, options={"path": "/dev/zero"})


def test_images_from_a_device_are_refused() -> None:
    with pytest.raises(PlanError, match="regular file"):
        load("idx", options={"images": "/dev/zero", "labels": "/dev/zero"})


def test_a_set_says_what_its_class_names_are_worth(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((2, 2)), y=np.array([0, 1]))
    np.savez(tmp_path / "b.npz", x=np.ones((2, 2)), y=np.array([0, 1]), classes=np.array(["a", "b"]))
    (tmp_path / "a.csv").write_text("a,1\nb,2\n")
    naming = {
        "a.npz": load("npz", options={"path": "a.npz"}, folder=tmp_path).naming,
        "b.npz": load("npz", options={"path": "b.npz"}, folder=tmp_path).naming,
        "a.csv": load("csv", options={"path": "a.csv"}, folder=tmp_path).naming,
        "a.csv, classes": load("csv", options={"path": "a.csv", "classes": "a,b"}, folder=tmp_path).naming,
        "digits": load("digits", samples=1).naming,
    }
    assert naming == {
        "a.npz": "indices",
        "b.npz": "stated",
        "a.csv": "seen",
        "a.csv, classes": "stated",
        "digits": "stated",
    }


def test_speech_commands_is_unpacked_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "yes").mkdir()
    (tmp_path / "yes" / "a.wav").write_bytes(b"RIFF")
    archive = tmp_path / "served" / "speech_commands_v0.02.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as file:
        file.add(tmp_path / "yes", "yes")
    monkeypatch.setenv("HIL_CACHE_DIR", str(tmp_path / "cache"))
    fetching = importlib.import_module("harness.data.fetch")  # the package gives the function under that name
    with serving(archive.parent) as url:
        monkeypatch.setattr(fetching, "SPEECH_COMMANDS", url + archive.name)
        monkeypatch.setattr(fetching, "SPEECH_COMMANDS_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
        (folder,) = fetch("speech_commands")
    assert (folder / "yes" / "a.wav").read_bytes() == b"RIFF"
    assert [path.name for path in folder.parent.iterdir()] == ["v0.02"]
    assert fetch("speech_commands") == (folder,)

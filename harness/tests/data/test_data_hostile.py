"""Data files that are damaged, or made to harm: an error of the plan, or the data as it was written, and nothing else."""

from __future__ import annotations

import io
import random
import resource
import struct
import tomllib
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data import Dataset, load
from harness.errors import PlanError

X = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)
Y = np.array([1, 0])


def packed(pack=np.savez, **arrays: object) -> bytes:
    buffer = io.BytesIO()
    pack(buffer, **arrays)
    return buffer.getvalue()


def read(folder: Path, content: bytes, form: str = "npz", **options: object) -> Dataset:
    (folder / f"d.{form}").write_bytes(content)
    return load(form, options={"path": f"d.{form}", **options}, folder=folder)


@pytest.fixture
def little_memory():
    """A claim of 22 GiB must be refused, not tried: here the system would refuse it, elsewhere it would kill."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed])
def test_two_hundred_archives_with_a_wrong_byte_are_refused_or_read_as_they_were_written(tmp_path: Path, pack) -> None:
    """The seed is fixed: what failed once is tried for ever. Zip's checksum is over content, not over its directory."""
    rng = random.Random(8)
    good = packed(pack, x=X, y=Y, ids=np.array(["a", "b"]), classes=np.array(["no", "yes"]))
    sound = read(tmp_path, good)
    refused = 0
    for _ in range(200):
        mutant = bytearray(good)
        mutant[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
        try:
            got = read(tmp_path, bytes(mutant))
        except PlanError:
            refused += 1
            continue
        assert got.sha256 == sound.sha256
        assert got.classes == sound.classes
    assert refused > 100


@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed])
def test_cut_and_spliced_archives_raise_nothing_but_an_error_of_the_plan(tmp_path: Path, pack) -> None:
    rng = random.Random(9)
    good = packed(pack, x=X, y=Y)
    for _ in range(200):
        at, end = sorted(rng.randrange(len(good)) for _ in range(2))
        mutant = rng.choice([good[:at], good[at:], good[:at] + good[end:], good[:end] + good[at:], good[at:end]])
        try:
            got = read(tmp_path, mutant)
        except PlanError:
            continue
        np.testing.assert_array_equal(got.inputs, X)


def test_orders_and_formats_that_numpy_writes_are_read(tmp_path: Path) -> None:
    for dtype in ("<f8", ">f4", "<i2", "|u1", "<f2"):
        got = read(tmp_path, packed(x=X.astype(dtype), y=Y))
        np.testing.assert_array_equal(got.inputs, X)
    np.testing.assert_array_equal(read(tmp_path, packed(x=np.asfortranarray(X), y=Y)).inputs, X)
    for version in ((1, 0), (2, 0), (3, 0)):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, array in (("x", X), ("y", Y)):
                with archive.open(f"{name}.npy", "w") as file:
                    np.lib.format.write_array(file, array, version=version)
        np.testing.assert_array_equal(read(tmp_path, buffer.getvalue()).inputs, X)
    assert list(read(tmp_path, packed(x=X, y=Y, ids=np.array([b"a", b"b"]))).ids) == ["a", "b"]
    assert list(read(tmp_path, packed(x=X, y=Y, ids=np.array([7, 8]))).ids) == ["7", "8"]


def one_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, X)
    return buffer.getvalue()


def claiming(shape: str, *, lie_to_zip: bool = False) -> bytes:
    """An archive whose array ``x`` has that shape by its header, and 8 bytes."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".encode()
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + bytes(8)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.npy", content)
    raw = buffer.getvalue()
    if lie_to_zip:  # the directory's size of the unpacked file
        at = raw.index(b"PK\1\2") + 24
        raw = raw[:at] + struct.pack("<I", 0xF000_0000) + raw[at + 4 :]
    return raw


HARMFUL = {
    "an array alone": one_array(),
    "2.9 TiB": claiming("(400000000000,)"),
    "3.9 GB, also by the directory": claiming("(503316470,)", lie_to_zip=True),
    "no whole number": claiming("(1.5,)"),
    "less than nothing": claiming("(-1,)"),
    "many axes": claiming(str((1,) * 100)),
    "no tuple": claiming("7"),
    "nested": claiming("(" * 5000 + ")" * 5000),
    "a label of 3e9": packed(x=X, y=np.array([0, 3_000_000_000])),
    "a label beyond int64": packed(x=X, y=np.array([0, 2**64 - 1], dtype=np.uint64)),
    "a label below 0": packed(x=X, y=np.array([0, -1])),
    "scalar ids": packed(x=X, y=Y, ids=np.array("a")),
    "scalar classes": packed(x=X, y=Y, classes=np.array(3)),
    "a table of classes": packed(x=X, y=Y, classes=np.array([["a", "b"]])),
    "ids that are no text": packed(x=X, y=Y, ids=np.frombuffer(b"\xff\xff\xff\xff\0\xd8\0\0", "<U1")),
    "bytes that are no text": packed(x=X, y=Y, ids=np.array([b"\xff", b"b"])),
    "complex": packed(x=X.astype(complex), y=Y),
    "records": packed(x=np.zeros(2, "f4,f4"), y=Y),
    "times": packed(x=np.zeros((2, 2), "M8[s]"), y=Y),
    "not a number": packed(x=X * np.nan, y=Y),
    "beyond float32": packed(x=X.astype(float) * 1e300, y=Y),
    "an empty x": packed(x=np.zeros((0, 3)), y=np.zeros(0, int)),
    "no zip": b"PK\3\4",
    "nothing": b"",
}


@pytest.mark.parametrize("content", HARMFUL.values(), ids=HARMFUL.keys())
def test_an_archive_made_to_harm_is_refused_in_our_words(tmp_path: Path, content: bytes, little_memory: None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PlanError):
            read(tmp_path, content)


@pytest.mark.parametrize("form", ["npz", "csv"])
def test_a_folder_and_an_endless_file_are_no_data(tmp_path: Path, form: str) -> None:
    for path in (str(tmp_path), "/dev/zero"):
        with pytest.raises(PlanError):
            load(form, options={"path": path})


def test_a_folder_and_an_endless_file_are_no_idx_files(tmp_path: Path) -> None:
    for path in (str(tmp_path), "/dev/zero"):
        with pytest.raises(PlanError):
            load("idx", options={"images": path, "labels": path})


fuzzed = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
rows = st.lists(
    st.lists(st.one_of(st.text(max_size=6), st.integers(-9, 9).map(str), st.floats().map(str)), max_size=4), max_size=5
)


@fuzzed
@given(
    content=st.one_of(
        st.binary(max_size=60), rows.map(lambda r: "\n".join(",".join(c) for c in r).encode("utf-8", "replace"))
    )
)
def test_any_text_is_rows_or_an_error_of_the_plan(tmp_path: Path, content: bytes) -> None:
    try:
        read(tmp_path, content, "csv")
    except PlanError:
        pass


@pytest.mark.parametrize("label", ["9" * 5000, "\u0663", "\u00b2", "x" * 200_000, "-" * 10])
def test_any_label_is_a_class_or_an_error_of_the_plan(tmp_path: Path, label: str) -> None:
    try:
        assert len(read(tmp_path, f"{label},1\n2,3\n".encode(), "csv").classes) == 2
    except PlanError:
        pass


@fuzzed
@given(
    magic=st.sampled_from([0x803, 0x801, 0x0D03, 0]),
    extents=st.lists(st.one_of(st.integers(0, 4), st.integers(0, 0xFFFF_FFFF)), max_size=4),
    body=st.binary(max_size=70),
    packed_so=st.booleans(),
)
def test_any_idx_file_is_data_or_an_error_of_the_plan(
    tmp_path: Path, magic: int, extents: list[int], body: bytes, packed_so: bool
) -> None:
    raw = struct.pack(">I", magic) + b"".join(struct.pack(">I", n) for n in extents) + body
    (tmp_path / "i").write_bytes((b"\x1f\x8b" if packed_so else b"") + raw)
    (tmp_path / "l").write_bytes(struct.pack(">II", 0x801, 1) + body[:1])
    try:
        load("idx", options={"images": "i", "labels": "l"}, folder=tmp_path)
    except PlanError:
        pass


@fuzzed
@given(path=st.text(max_size=20), shape=st.one_of(st.text("0123456789x٣²", max_size=9), st.just("9" * 5000)))
def test_any_option_is_taken_or_an_error_of_the_plan(tmp_path: Path, path: str, shape: str) -> None:
    (tmp_path / "d.csv").write_text("a,1,2\nb,3,4\n")
    for options in ({"path": path}, {"path": "d.csv", "shape": shape}):
        try:
            load("csv", options=options, folder=tmp_path)
        except PlanError:
            pass


def test_a_path_that_no_system_takes_is_missing_data(tmp_path: Path) -> None:
    for path in ("x" * 5000, "a\0b", "\ud800"):
        with pytest.raises(PlanError):
            load("npz", options={"path": path}, folder=tmp_path)


def test_the_toml_reader_of_python_gives_up_on_deep_nesting_with_an_error_that_is_none_of_its_own() -> None:
    with pytest.raises(RecursionError):
        tomllib.loads("a = " + "[" * 5000)

"""Annotations as people have them."""

import pytest

from harness.data import labels
from harness.data.dataset import Event
from harness.errors import PlanError


def read(tmp_path, text, name="a.txt"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return labels.read(path)


def test_labels_of_audacity_are_read_with_their_frequencies_passed_over(tmp_path):
    text = "1.500000\t2.000000\tyes\n\\\t100.0\t4000.0\n0.25\t0.25\tno way\n\n"
    assert read(tmp_path, text) == (Event(0, 0.25, 0.25, "no way"), Event(0, 1.5, 2.0, "yes"))


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_csv_names_its_columns_in_any_order(tmp_path, delimiter):
    text = "label,start,end\nyes,1,2\nno,3.5,\n".replace(",", delimiter)
    assert read(tmp_path, text) == (Event(0, 1.0, 2.0, "yes"), Event(0, 3.5, 3.5, "no"))


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_no_matter(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbf1\t2\tyes\r\n") == (Event(0, 1.0, 2.0, "yes"),)


def test_nothing_happens_in_an_empty_file(tmp_path):
    assert read(tmp_path, "\n") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 2 yes\n", "a.txt:1"),
        ("1\t2\tyes\n2\t1\tno\n", "a.txt:2"),
        ("nan\t2\tyes\n", "a.txt:1"),
        ("-1\t2\tyes\n", "a.txt:1"),
        ("1\t2\t\n", "a.txt:1"),
        ("1\t2\ty\x1bes\n", "a.txt:1"),
        ("label,start\nyes,soon\n", "a.txt:2"),
        ("label,end\nyes,1\n", "a.txt:2"),
        ("label,start\nyes,1,2,3\n", "a.txt:2"),
        (b"\xff\xfe1\t2\tx", "a.txt"),
    ],
)
def test_what_is_no_annotation_is_refused_with_its_line(tmp_path, text, told):
    with pytest.raises(PlanError) as refused:
        read(tmp_path, text)
    assert str(refused.value.where).endswith(told)

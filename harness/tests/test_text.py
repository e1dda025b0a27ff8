from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.text import printable


def test_what_drives_terminals_or_fits_into_no_file_is_shown_as_its_escape() -> None:
    assert printable("a\x1b[31mb\ud800c\x00d\r\n\te\u202ef\uffffg") == (
        "a\\x1b[31mb\\ud800c\\x00d\\r\n\te\\u202ef\\uffffg"
    )


def test_text_of_people_is_left_alone() -> None:
    for text in ("", "plain", "größer", "日本語", "a b", "👩‍🔬", "line\nline\ttab"):
        assert printable(text) == text


@given(st.text(alphabet=st.characters(), max_size=40))
def test_the_result_can_be_written_anywhere_and_is_its_own_result(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert printable(shown) == shown
    assert all(c in "\n\t" or c >= " " for c in shown)

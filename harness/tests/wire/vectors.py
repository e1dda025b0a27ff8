"""Reads fixtures/wire/frames.txt; shared by the wire's tests."""

from harness.paths import shipped

PATH = shipped("fixtures") / "wire" / "frames.txt"


def rows(kind):
    """(name, input bytes, expected) of every vector of that kind."""
    for line in PATH.read_text().splitlines():
        if line and not line.startswith("#"):
            row, name, data, expected = line.split(" | ")
            if row == kind:
                yield name, hexed(data), expected


def hexed(text):
    return b"" if text == "-" else bytes.fromhex(text)

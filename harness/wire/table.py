"""How a class becomes a message: the table of all of them, and decoding by it. Filled by ``messages``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from harness.errors import MisuseError
from harness.wire.fields import BodyError, Reader, Struct


class Message:
    """Base of every message. ``encode_body`` gives the body that travels in a frame of type ``TYPE``."""

    TYPE: ClassVar[int]
    NAME: ClassVar[str]

    def encode_body(self) -> bytes:
        """The body. MisuseError when a field does not fit its type."""
        try:
            return TABLE[self.TYPE].codec.pack(self)
        except ValueError as error:
            raise MisuseError("a message field does not fit its type", where=str(error)) from error


@dataclass(frozen=True)
class Entry:
    """A row of the table."""

    code: int
    name: str
    kind: type[Message]
    codec: Struct

    @property
    def from_board(self) -> bool:
        """Whether the board sends it."""
        return bool(self.code & 0x80)


@dataclass(frozen=True)
class Malformed:
    """A body that does not suit its type: the frame was whole, its sender was wrong."""

    type: int
    reason: str


@dataclass(frozen=True)
class Unknown:
    """A type that is not in the table."""

    type: int


TABLE: dict[int, Entry] = {}
_M = TypeVar("_M", bound=type[Message])


def row(type_: int, name: str) -> Callable[[_M], _M]:
    """Enter a class in the table as that type."""

    def add(kind: _M) -> _M:
        kind.TYPE, kind.NAME = type_, name
        TABLE[type_] = Entry(type_, name, kind, Struct(name, kind))
        return kind

    return add


def decode(type_: int, body: bytes) -> Message | Malformed | Unknown:
    """The message in a frame. Any bytes are allowed: what is wrong with them is said by the type of the answer."""
    entry = TABLE.get(type_)
    if entry is None:
        return Unknown(type_)
    reader = Reader(body)
    try:
        message: Any = entry.codec.unpack(reader)
    except BodyError as error:
        return Malformed(type_, str(error))
    if reader.left:
        return Malformed(type_, f"goes on for {reader.left} B behind its end")
    assert isinstance(message, Message)
    return message

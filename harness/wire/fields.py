"""Field codecs: how one value of a message body lies on the line. All integers are little endian.

A codec packs a Python value and unpacks it from a ``Reader``. ``size`` is the number of bytes when it is always the
same; the C header gives offsets up to the first codec whose size is not.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import field, fields
from typing import Any, Protocol


class BodyError(Exception):
    """A body does not suit its type. Never leaves this package: ``messages.decode`` turns it into ``Malformed``."""


class Reader:
    """Takes bytes from the front of a body."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not taken yet."""
        return len(self._body) - self._at

    def take(self, n_bytes: int) -> bytes:
        """The next ``n_bytes`` bytes; BodyError when there are fewer."""
        if n_bytes > self.left:
            raise BodyError(f"ends {n_bytes - self.left} B early")
        self._at += n_bytes
        return self._body[self._at - n_bytes : self._at]


class Codec(Protocol):
    """How one value is written."""

    @property
    def name(self) -> str:
        """As SPEC.md writes it."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes on the line, None when that depends on the value."""
        ...

    def pack(self, value: Any) -> bytes:
        """The bytes of ``value``. ValueError when it does not fit."""
        ...

    def unpack(self, reader: Reader) -> Any:
        """The value at the front of ``reader``. BodyError when there is none."""
        ...


class Number:
    """A number of fixed width."""

    def __init__(self, name: str, layout: str) -> None:
        self.name = name
        self._struct = struct.Struct("<" + layout)
        self.size: int | None = self._struct.size

    def pack(self, value: Any) -> bytes:
        """See Codec."""
        try:
            return self._struct.pack(value)
        except (struct.error, OverflowError) as error:
            raise ValueError(f"{value!r} is no {self.name}") from error

    def unpack(self, reader: Reader) -> Any:
        """See Codec."""
        return self._struct.unpack(reader.take(self._struct.size))[0]


class Fixed:
    """A known number of bytes."""

    def __init__(self, n_bytes: int) -> None:
        self.name = f"u8[{n_bytes}]"
        self._n_bytes = n_bytes
        self.size: int | None = n_bytes

    def pack(self, value: Any) -> bytes:
        """See Codec."""
        if len(value) != self._n_bytes:
            raise ValueError(f"{len(value)} B instead of {self._n_bytes} B")
        return bytes(value)

    def unpack(self, reader: Reader) -> bytes:
        """See Codec."""
        return reader.take(self._n_bytes)


class Rest:
    """The rest of the body. Can only be the last field."""

    name = "bytes"
    size: int | None = None

    def pack(self, value: Any) -> bytes:
        """See Codec."""
        return bytes(value)

    def unpack(self, reader: Reader) -> bytes:
        """See Codec."""
        return reader.take(reader.left)


class Piece:
    """Encoded data in as few bytes as can say what it is: a u16 and the data.

    The upper ``ENCODING_BITS`` bits of the u16 are the encoding, the rest are the data's length in bytes. In Python a pair of both.
    """

    name = "piece"
    size: int | None = None
    ENCODING_BITS = 3
    LENGTH_BITS = 16 - ENCODING_BITS
    HEAD_BYTES = 2
    MAX_BYTES = (1 << LENGTH_BITS) - 1

    def pack(self, value: Any) -> bytes:
        """See Codec."""
        encoding, data = value
        if len(data) > self.MAX_BYTES or not 0 <= encoding < 1 << self.ENCODING_BITS:
            raise ValueError(
                f"{len(data)} B in encoding {encoding}, at most {self.MAX_BYTES} B in {self.ENCODING_BITS} bits"
            )
        return U16.pack(encoding << self.LENGTH_BITS | len(data)) + bytes(data)

    def unpack(self, reader: Reader) -> tuple[int, bytes]:
        """See Codec."""
        head: int = U16.unpack(reader)
        return head >> self.LENGTH_BITS, reader.take(head & self.MAX_BYTES)


class Items:
    """Items up to the end of the body, one at least; a tuple in Python. Can only be the last field."""

    size: int | None = None

    def __init__(self, item: Codec) -> None:
        self.name = f"items<{item.name}>"
        self.item = item

    def pack(self, value: Any) -> bytes:
        """See Codec."""
        if not value:
            raise ValueError("no item, at least one")
        return b"".join(map(self.item.pack, value))

    def unpack(self, reader: Reader) -> tuple[Any, ...]:
        """See Codec."""
        items = [self.item.unpack(reader)]
        while reader.left:
            items.append(self.item.unpack(reader))
        return tuple(items)


class Str8:
    """A length byte and that many bytes of UTF-8."""

    name = "str8"
    size: int | None = None

    def pack(self, value: Any) -> bytes:
        """See Codec."""
        data = str(value).encode()
        if len(data) > 255:
            raise ValueError(f"a text of {len(data)} B, at most 255 B")
        return bytes([len(data)]) + data

    def unpack(self, reader: Reader) -> str:
        """See Codec."""
        data = reader.take(reader.take(1)[0])
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise BodyError("a text is not UTF-8") from error


class Bytes8:
    """A length byte and that many bytes, ``most`` at most."""

    name = "bytes8"
    size: int | None = None

    def __init__(self, most: int) -> None:
        self._most = most

    def pack(self, value: Any) -> bytes:
        """See Codec."""
        if len(value) > self._most:
            raise ValueError(f"{len(value)} B, at most {self._most} B")
        return bytes([len(value)]) + bytes(value)

    def unpack(self, reader: Reader) -> bytes:
        """See Codec."""
        n_bytes = reader.take(1)[0]
        if n_bytes > self._most:
            raise BodyError(f"says {n_bytes} B, at most {self._most} B")
        return reader.take(n_bytes)


class List8:
    """A count byte and that many items; a tuple in Python."""

    size: int | None = None

    def __init__(self, item: Codec) -> None:
        self.name = f"list8<{item.name}>"
        self.item = item

    def pack(self, value: Any) -> bytes:
        """See Codec."""
        if len(value) > 255:
            raise ValueError(f"a list of {len(value)}, at most 255")
        return bytes([len(value)]) + b"".join(map(self.item.pack, value))

    def unpack(self, reader: Reader) -> tuple[Any, ...]:
        """See Codec."""
        return tuple(self.item.unpack(reader) for _ in range(reader.take(1)[0]))


class Struct:
    """A dataclass whose fields were declared with ``wire()``, one after the other."""

    def __init__(self, name: str, kind: Callable[..., Any]) -> None:
        self.name = name
        self.kind = kind
        self.parts = layout(kind)
        sizes = [codec.size for _, codec in self.parts]
        self.size: int | None = None if None in sizes else sum(size for size in sizes if size is not None)

    def pack(self, value: Any) -> bytes:
        """See Codec."""
        out = bytearray()
        for name, codec in self.parts:
            try:
                out += codec.pack(getattr(value, name))
            except ValueError as error:
                raise ValueError(f"{self.name}.{name}: {error}") from error
        return bytes(out)

    def unpack(self, reader: Reader) -> Any:
        """See Codec."""
        values = []
        for name, codec in self.parts:
            try:
                values.append(codec.unpack(reader))
            except BodyError as error:
                raise BodyError(f"{name}: {error}") from error
        return self.kind(*values)


U8 = Number("u8", "B")
U16 = Number("u16", "H")
U32 = Number("u32", "I")
U64 = Number("u64", "Q")
I32 = Number("i32", "i")
F32 = Number("f32", "f")
STR8 = Str8()
BYTES = Rest()
PIECE = Piece()


def wire(codec: Codec) -> Any:
    """Declare a dataclass field and how it lies on the line."""
    return field(metadata={"codec": codec})


def layout(kind: Any) -> tuple[tuple[str, Codec], ...]:
    """Names and codecs of a dataclass declared with ``wire()``, in the order in which they travel."""
    return tuple((part.name, part.metadata["codec"]) for part in fields(kind))

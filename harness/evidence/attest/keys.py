"""The key files: ed25519 in PEM, as ``openssl genpkey -algorithm ed25519`` and ``hil gate keygen`` write them."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.disk import files
from harness.errors import MisuseError
from harness.paths import read_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Of a private key that is encrypted.
PASSWORD: Final = "HIL_SIGN_PASSWORD"
_PRIVATE: Final = "an ed25519 private key in PEM: `hil gate keygen KEY.pem` makes one"
_MAKE: Final = "hil gate keygen KEY.pem makes a pair"
_PUBLIC: Final = "an ed25519 public key in PEM: `hil gate keygen` writes it beside the private one"


def needed() -> None:
    """``MisuseError`` with the command that helps when the packages that sign are not installed."""
    missing = [name for name in ("securesystemslib", "cryptography") if find_spec(name) is None]
    if missing:
        raise MisuseError(
            "signatures need packages that are not installed",
            found=f"no {' and no '.join(missing)}",
            next_step='pip install "hil[sign]"',
        )


def private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a file; an encrypted one with the password in ``HIL_SIGN_PASSWORD``. ``MisuseError`` for no such key."""
    needed()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    password = os.environ.get(PASSWORD, "").encode() or None
    content = _read(path, _PRIVATE)
    try:
        key = load_pem_private_key(content, password if b"ENCRYPTED" in content else None)
    except TypeError as error:  # encrypted, and no password
        raise MisuseError(
            "the key is encrypted",
            where=str(path),
            expected=f"its password in {PASSWORD}",
            next_step=f"set {PASSWORD}, or use a key without a password",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MisuseError(
            "no key can be read from this file", where=str(path), expected=_PRIVATE, next_step=_MAKE
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _of_another_kind(path, _PRIVATE, key)
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a file. ``MisuseError`` for no such key; a private one is refused: it has no place where one verifies."""
    needed()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_read(path, _PUBLIC))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MisuseError(
            "no public key can be read from this file", where=str(path), expected=_PUBLIC, next_step=_MAKE
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _of_another_kind(path, _PUBLIC, key)
    return key


def _of_another_kind(path: Path, expected: str, key: object) -> MisuseError:
    found = type(key).__name__.strip("_")
    return MisuseError("this key is of another kind", where=str(path), expected=expected, found=found, next_step=_MAKE)


def make_keys(path: Path) -> Path:
    """Write a new private key to ``path``, for its owner alone to read, and the public one beside it, which is returned.

    ``KEY.pub`` for ``KEY.pem``. ``MisuseError`` when either is there already: a key that is overwritten is lost.
    """
    needed()
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = path.with_suffix(".pub")
    if path == public:
        raise MisuseError(
            "the private key must not be called *.pub",
            where=str(path),
            expected="KEY.pem, for example",
            next_step="name it otherwise: the public one gets that ending",
        )
    for place in (path, public):
        if place.exists():
            raise MisuseError(
                "there is a file of that name", where=str(place), next_step="name another file, or remove that one"
            )
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    # Made with its rights: a file that is closed off afterwards was open for a moment. O_EXCL: never over another one.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    told = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    files.replace(public, told)
    return public


def _read(path: Path, expected: str) -> bytes:
    try:
        return read_file(path)
    except OSError as error:
        raise MisuseError(
            "the key cannot be read", where=str(path), expected=expected, found=error, next_step=_MAKE
        ) from error

"""The folder of a release: its reports, its statement, and that signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.disk import together
from harness.errors import BenchError
from harness.evidence import attest, releasereports
from harness.evidence.attest.statement import rendered
from harness.evidence.releasereports import json_
from harness.verdict.release import ReleaseFacts

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

STATEMENT: Final = "statement.json"
ATTESTATION: Final = "attestation.json"


def write(
    facts: ReleaseFacts, folder: Path, *, key: Ed25519PrivateKey | None = None, url: str = ""
) -> tuple[Path, ...]:
    """Write every form of report, the statement, and with ``key`` the attestation, all or none; the files are returned.

    An attestation that lies there from another time is removed where none is written: it would seem to go with the reports. There
    is no statement of a release that no run counts for. ``BenchError`` when the disk refuses.
    """
    contents = {form.FILENAME: form.render(facts) for form in map(releasereports.load, releasereports.names())}
    stated = attest.statement(facts, contents[json_.FILENAME], url=url)
    if stated is not None:
        contents[STATEMENT] = rendered(stated)
        if key is not None:
            contents[ATTESTATION] = attest.signed(contents[STATEMENT], key)
    try:
        for name in {STATEMENT, ATTESTATION} - contents.keys():
            (folder / name).unlink(missing_ok=True)
        together.write(*((folder / name, content) for name, content in contents.items()))
    except OSError as error:
        raise BenchError(
            "the release's reports could not be written",
            where=str(folder),
            found=error,
            next_step="check the path and the disk, or choose another place: --out DIR",
        ) from error
    return tuple(folder / name for name in contents)

"""``release.json``: what was found, for programs."""

from __future__ import annotations

from typing import Any

from harness.verdict.release import ReleaseFacts

FILENAME = "release.json"


def render(facts: ReleaseFacts) -> bytes:
    """The facts as JSON, UTF-8, two spaces."""
    return (facts.model_dump_json(by_alias=True, indent=2) + "\n").encode()


def schema() -> dict[str, Any]:
    """The JSON schema of the file, draft 2020-12."""
    found = ReleaseFacts.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "release.json of hil"} | found

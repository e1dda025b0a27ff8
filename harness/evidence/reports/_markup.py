"""Text in GitHub's and GitLab's Markdown."""

from __future__ import annotations

import re
from typing import Final

from harness.records import Verdict

SIGN: Final = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.ERROR: "🔧", Verdict.INCONCLUSIVE: "❔"}


def safe(text: str) -> str:
    """Text that neither breaks a table nor becomes markup."""
    flat = re.sub(r"\s+", " ", text)
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", flat)


def code(text: str) -> str:
    """Text between backticks."""
    return re.sub(r"\s+", " ", text).replace("`", "'").replace("|", "¦")

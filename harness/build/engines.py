"""Engines of others: an adapter in ``firmware/engines/<name>`` and the SDK that the user has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MisuseError
from harness.paths import shipped
from harness.plans.names import suggestion

_ADAPTER_FILES = ("*.c", "*.cc", "*.h", "*.cmake")
#: What of an SDK can get into an image.
_SDK_SUFFIXES = {".c", ".cc", ".cpp", ".h", ".hpp", ".inc", ".a", ".cmake"}


@dataclass(frozen=True)
class ExternalEngine:
    """An adapter and the SDK it is compiled against. ``own_network`` is False where only our kernels are replaced;
    ``interprets``: it reads the model file itself, which then goes into the image."""

    name: str
    sdk_dir: Path
    own_network: bool
    interprets: bool

    def files(self) -> Iterator[tuple[str, Path]]:
        """Everything that an image of it depends on, by a name that is the same on every machine."""
        folder = _engines()
        for path in sorted({p for pattern in _ADAPTER_FILES for p in (folder / self.name).glob(pattern)}):
            yield f"engines/{self.name}/{path.name}", path
        for path in sorted(p for pattern in _ADAPTER_FILES for p in folder.glob(pattern)):
            yield f"engines/{path.name}", path
        found = [p for p in self.sdk_dir.rglob("*") if p.suffix in _SDK_SUFFIXES and p.is_file()]
        for relative in sorted(p.relative_to(self.sdk_dir).as_posix() for p in found):
            yield f"sdk/{relative}", self.sdk_dir / relative


def names() -> tuple[str, ...]:
    """The adapters known."""
    return tuple(sorted(path.parent.name for path in _engines().glob("*/engine.cmake")))


def load(name: str, sdk_dir: Path) -> ExternalEngine:
    """The adapter of that name with the SDK in ``sdk_dir``. MisuseError when there is no such adapter or folder."""
    if name not in names():
        raise MisuseError(
            f"there is no engine adapter {name!r}",
            expected=f"one of: {', '.join(names())}",
            found=name,
            next_step=suggestion(name, names(), "name one of these; firmware/engines/README.md says how to add one"),
        )
    if not sdk_dir.is_dir():
        raise MisuseError(
            f"the SDK of {name} is not there",
            where=str(sdk_dir),
            expected="a folder",
            next_step=f"see firmware/engines/README.md, {name}",
        )
    facts = (_engines() / name / "engine.cmake").read_text(encoding="utf-8")
    return ExternalEngine(
        name,
        sdk_dir.resolve(),
        own_network="set(HIL_REPLACES_KERNELS" not in facts,
        interprets="set(HIL_INTERPRETS_MODEL" in facts,
    )


def _engines() -> Path:
    return shipped("firmware") / "engines"

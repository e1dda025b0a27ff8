"""What is installed, attached and missing, and the next command for each. It changes nothing.

A check is a generator of findings that takes what it looks at as arguments, with this host as the default, so that every
lack can be shown in a test. One that fails in an unforeseen way is a ``broken`` line, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness.bench import emulators, power
from harness.bench.finding import Finding
from harness.doctor import data, host, labgrid, rack, rig

_CHECKS: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
    ("host", host.python),
    ("host", host.folders_of_ours),
    ("packages", host.packages),
    ("compilers", host.compilers),
    ("debug", rig.plugin),
    ("debug", rig.targets),
    ("probes", rig.probes),
    ("ports", rig.ports),
    ("rack", rack.journal),
    ("rack", rack.units),
    ("labgrid", labgrid.environment),
    *(("emulators", emulators.load(name).examine) for name in emulators.names()),
    ("power", power.examine),
    ("data", data.datasets),
)


def examine() -> list[Finding]:
    """Every check, in the order of a screen."""
    return [finding for area, check in _CHECKS for finding in guarded(area, check)]


def guarded(area: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """A check's findings, whatever happens in it."""
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - the doctor must not fall ill itself
        return [Finding(area, "this check", "broken", f"{type(error).__name__}: {error}", "please report it")]


def folded(findings: Sequence[Finding]) -> list[Finding]:
    """The same for a screen: packages that are as they should be are one line."""
    fine = [finding for finding in findings if finding.area == "packages" and finding.state == "ok"]
    line = Finding("packages", f"{len(fine)} as required", "ok", ", ".join(f"{f.subject} {f.detail}" for f in fine))
    rest = (
        [line if finding is fine[0] else finding for finding in findings if finding not in fine[1:]]
        if fine
        else findings
    )
    return list(rest)


__all__ = ["Finding", "examine", "folded", "guarded"]

"""The command line: ``hil``. It parses, calls and prints; nothing is decided here."""

from harness.cli import bench_commands, case_commands, link_commands, wire_commands
from harness.cli.app import main

__all__ = ["bench_commands", "case_commands", "link_commands", "main", "wire_commands"]

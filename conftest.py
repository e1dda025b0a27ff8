"""Loads the plug-in where it is not installed: a plain checkout on PYTHONPATH."""

pytest_plugins = ["harness.plugin"]

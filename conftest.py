"""Loads the plug-in where it is not installed: a plain checkout on PYTHONPATH.

Not by ``pytest_plugins``: pytest refuses that in a conftest which is not at its root, as this one is where an installation in place
is used from another project.
"""


def pytest_addoption(parser, pluginmanager):
    if not pluginmanager.has_plugin("harness.plugin"):
        pluginmanager.import_plugin("harness.plugin")

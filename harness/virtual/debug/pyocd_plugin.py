"""pyOCD's entry point. It must not import pyOCD's probes at module level: pyOCD loads it while importing them."""

from __future__ import annotations

from pyocd.core.plugin import Plugin


class VirtualProbePlugin(Plugin):
    """Makes virtual units probes, and our chips targets where pyOCD has none built in (for real boards too)."""

    def load(self) -> type:
        """The probe class; registers the targets on the way."""
        from harness.virtual.debug.probe import VirtualProbe
        from harness.virtual.soc import register_targets

        register_targets()
        return VirtualProbe

    @property
    def name(self) -> str:
        """The probe type, as in ``hil-virtual:UID``."""
        return "hil-virtual"

    @property
    def description(self) -> str:
        """For ``pyocd list --plugins``."""
        return "Virtual boards of the hil test harness"

"""Where it runs: kinds of boards, units, probes, transports, emulators, leases."""

"""Where it runs: kinds of boards, and the units that are reachable from this host.

    boards      board.toml, typed                    unit        one unit with its probe and port, opened and closed as one
    discover    which units are attached             lease       one holder a unit, freed by the kernel
    identity    what an image and a hello claim      crossed     whose chip it is that answers
    own_time    waiting by the unit's own clock      selftest    what an emulator must compute rightly
    probes/ transports/ emulators/   one file each, found by its name

Nothing here knows a message of the wire, a plan or a model. What goes wrong here is the rig: a ``BenchError``. A new board is
``firmware/boards/<name>``; a new probe, transport or emulator one file, see the package it goes to.
"""

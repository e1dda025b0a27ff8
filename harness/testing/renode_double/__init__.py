"""A stand-in for Renode that plays what was recorded of versions 1.13.3, 1.15.3 and 1.16.1, with real firmware inside.

    python -m harness.testing.renode_double --as 1.16.1 --disable-xwt --plain --console

The core is the virtual board's. Everything else is what the platform description that it is given registers: its memories,
its registers, its serial ports, and nothing where it registers nothing. Around them are Renode's command line, console
dialogue, monitor commands, log lines and faults as field notes of real runs have them. It is stricter than Renode: a command
or a model that the notes do not have is refused, so that a test of the backend says what the backend relies on. Of an
included C# file it takes only the name and what it is made with; it plays the file itself (``external``, ``devices``).

``--ledger FILE``: what a real Renode would have been paid, in seconds of processor time, one line for each thing done.
"""

"""How near the link is to its physical limit, beside what other tools do over the same line.

``line`` is the line: 8N1 at a true baud rate both ways and the adapter's latency, as plain arithmetic on given times.
``virtual`` runs two parties over it in virtual time, exactly; ``realtime`` puts the same line between two sockets and the
real clock, so that the native build of the real firmware can sit at its end. ``peers/`` holds one file for each protocol
that others published, both sides of it; ``ours`` runs our wire. ``grid`` says which cells there are, ``bench`` runs them.
"""

"""A unit that is plugged into another host, reached over ssh as git reaches a repository: no port is opened there.

The client starts ``ssh HOST hil unit-server UID`` and speaks over its standard input and output. The server holds the unit's
kernel lease on its own host and gives it back when the stream ends, however it ends.

    greeting     one line of text from the server, then frames both ways (``frames``)
    messages     on channels that share the stream fairly, with credits and signs of life (``mux``)
    calls        a verb and its answer, with notes on the way (``calls``)
    errors       travel as what they are (``words``)

``connection`` is the client's end; ``probe`` and ``transport`` make a ``Probe`` and a ``Transport`` of it. The server's end is
``harness.farm.unitserver``, the session beside the board ``harness.session.served``.
"""

from __future__ import annotations

from typing import Final

#: The version of all this. Both ends must have the same; the greeting tells it.
LINK: Final = 2
#: What the greeting begins with.
MAGIC: Final = "hil-unit-server"

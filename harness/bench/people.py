"""Who a person is to the rack: a name by which others know whom to ask.

It is no proof: whoever may use this account may say any name. People who share the account of a rack's host each set
``HIL_USER``; everyone else goes by their login.
"""

from __future__ import annotations

import getpass
import os

USER = "HIL_USER"


def me() -> str:
    """The name of whoever runs this process: ``$HIL_USER``, else the login name, else the number of the account."""
    if said := " ".join(os.environ.get(USER, "").split()):
        return said
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no entry in the list of users: a container's numeric user
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"

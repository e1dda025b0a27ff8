"""The forms of texts in bench files, and what each is called where something else stands there."""

from __future__ import annotations

from typing import Final

#: The name of a variable that holds a secret. Bench files are shown, copied and kept in repositories: no secret is in them.
VARIABLE: Final = "^[A-Za-z_][A-Za-z0-9_]*$|^$"
#: A host's name or address, with a port where it is not 80.
HOST: Final = r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$"
URL: Final = r"^https?://[^/@\s]+(/\S*)?$"
MAYBE_URL: Final = f"{URL}|^$"
HUB: Final = r"^[0-9]+(-[0-9]+(\.[0-9]+)*)?$"
SERIAL: Final = "^[A-Za-z0-9]*$"
CHIP: Final = "^([0-9a-f]{2})*$"
#: A blank at an end is a slip that nobody sees, and no probe has one; a line break would break every table.
UID: Final = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
#: As an id, and no option of a command: units are named on command lines.
NAME: Final = r"^([^\s\-\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?)?$"

FORMS: Final = {
    VARIABLE: "the name of an environment variable",
    HOST: "a host's name or address, with `:PORT` where it is not 80, and nothing else",
    URL: "an address that begins with http:// or https:// and holds no password",
    MAYBE_URL: "an address that begins with http:// or https:// and holds no password",
    HUB: "where the hub is, as `uhubctl` lists it: 1-1.4",
    SERIAL: "letters and digits",
    CHIP: "an even number of digits 0-9 and a-f (small letters)",
    UID: "text in one line, without blanks around it",
    NAME: "text in one line, without blanks around it, that does not begin with '-'",
}

"""The environment variables that hil reads. A test finds each of them in the code, and none beside these."""

from __future__ import annotations

from harness.guide.parts._words import code, table

#: Those for whoever runs hil: what each does, and what holds where it is not set.
USERS = {
    "HIL_CACHE_DIR": (
        "folder for what can be made again: built firmware, converted models, fetched data; zig's own cache goes with it",
        "the user's cache folder, `~/.cache/hil` on Linux",
    ),
    "HIL_STATE_DIR": (
        "folder for what was learnt here: `line-speeds.json`, the speed that each real unit's line held last time, and"
        " `rack/`, which of this host's units take work, and why",
        "the user's state folder, `~/.local/state/hil` on Linux",
    ),
    "HIL_RUNTIME_DIR": (
        "private folder for locks and the sockets of virtual boards; whatever uses this host's units must share it",
        "`/tmp/hil-<user id>`, the same for shells, services and CI jobs of that user",
    ),
    "HIL_USER": (
        "who you are to others: your holds of units, your places at labgrid, your tags and notes of runs bear this name",
        "the login name",
    ),
    "HIL_DB": (
        "where the history of runs is: a SQLAlchemy URL such as `postgresql://user@host/name`; `off`: nothing is kept",
        "`hil-reports/history.db` below the folder where you stand",
    ),
    "HIL_DATA_DIR": ("folder that holds `mnist/`", "the cache, where `hil data fetch mnist` puts it"),
    "HIL_FETCH": (
        "`1`: data that is missing is downloaded when a plan needs it",
        "the case is skipped, with a word why",
    ),
    "HIL_COMPILER": ("`zig` or `gcc`: what `--compiler auto` takes", "zig, which pip installs"),
    "HIL_SIGN_PASSWORD": ("the password of an encrypted key that `hil gate --sign` is given", "the key has none"),
    "HIL_SERVE_TOKEN": (
        "the token of `hil serve`, 16 characters or more; with it the pages want one on this host too",
        "a new one at each start, and none on this host alone",
    ),
    "HIL_SSH": (
        "the command that reaches the host of a unit with `via`, with its options: `ssh -p 2222 -i KEY`; it is given the host and a"
        " command",
        "`ssh`, without questions, and noticing a dead network",
    ),
    "HIL_UNIT_SERVER": (
        "what starts the unit's server on that host: `/opt/hil/bin/hil unit-server --bench rack.yaml`",
        "`hil unit-server`",
    ),
    "HIL_FLASH_PARALLEL": ("how many units are flashed at once on one USB controller", "4"),
    "HIL_LABGRID": (
        "the environment that labgrid is installed in, for `--bench labgrid://...`: its folder, its `bin`, or its Python",
        "hil's own if labgrid is in it, else that of the `labgrid-client` on PATH",
    ),
    "HIL_RENODE": ("Renode's program, or the folder that has it", "`renode` on PATH"),
    "HIL_QEMU": ("`qemu-system-arm`, or the folder that has it", "`qemu-system-arm` on PATH"),
}
#: Those for whoever works on hil itself.
DEVELOPERS = {
    "HIL_CHROMIUM": ("the browser in which the tests look at pages", "playwright's own, else the system's Chromium"),
    "HIL_FULL": ("`1`: the project's own tests take their long forms", "the short ones"),
    "HIL_WAKE_MODELS": (
        "folder of public wake words, as `models/v2` of ESPHome's micro-wake-word-models, for the tests that play to them",
        "those tests are skipped",
    ),
    "HIL_TWIN_CC": ("a gcc-like compiler for the reference `twin`", "zig"),
    "HIL_PARENT": ("set by `hil nightly` for its cases: the process with which a `hil` ends", "-"),
    "HIL_NIGHT": ("the same: the night that a case is part of", "-"),
    "HIL_TRIES": ("the same: what the case was tried before", "-"),
    "HIL_TIMED_RUN_US": ("set by `hil bench-link` for its program of this host", "-"),
    "HIL_RESERVED_BY": ("set by pytest and nightlies for the processes that use the units they have reserved", "-"),
    "HIL_STEP_FD": ("the same", "-"),
    "HIL_LABGRID_PLACES": (
        "set by a run with `--bench labgrid://...` for its own processes: the places that it has listed",
        "-",
    ),
}


def made() -> str:
    """Two tables."""
    head = ("variable", "what it says", "if it is not set")
    users, developers = (
        table(head, [(code(name), *text) for name, text in sorted(group.items())]) for group in (USERS, DEVELOPERS)
    )
    return f"{users}\n\nFor work on hil itself:\n\n{developers}"

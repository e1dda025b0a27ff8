"""``hil unit-server``: one unit of this host for a client on another one, for as long as its stream lasts. See ``bench.remote``."""

"""Units of other hosts, through labgrid's coordinator as it is: places, tags and reservations are labgrid's; what it lacks is ours.

    address    labgrid://host:port/?tag=value    beat     whose an acquisition is, and when it is left behind
    session    the client's side of the worker    worker   the process that speaks gRPC, under labgrid's own Python
    python     which Python that is               export   a bench file as an exporter's file and as places

What labgrid lacks is an end to an acquisition: a client that is killed keeps its place for ever. So a run has one worker process
that holds its places, renews them by a tag and outlives the run just long enough to release them; what a whole host leaves behind
when it dies is freed by the next of us that looks (``beat``). What two runs never share a unit by is not labgrid at all: it is the
kernel's lock on the unit's own host, which ``hil unit-server`` takes there.

gRPC lives in the worker only. It must not be in a process that forks, which a test run is; and labgrid brings a serial library that
overwrites pyserial's files in its environment, so it is kept out of ours.
"""

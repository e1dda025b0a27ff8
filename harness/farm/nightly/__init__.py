"""A rack's night: a rack plan's cases over the rack's units, within a time budget, into one run's folder and the history.

    cases       what is to be run (pure)                    begin, end   what is before the first case and after the last
    rack        the units as the night sees them            budget       what there is still time for
    loop        gives cases to units                        child        one case as a process of its own: ``hil run``
    left        what such a process has left behind         judging      what that means: record, history
    book        what became of each case, on the disk       stopping     Ctrl-C and SIGTERM

What a night came to is told by ``evidence.nightreports``.
"""

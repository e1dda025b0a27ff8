"""``pytest --board NAME -n N``: a worker *is* a unit, tests go to units that can run them, and nothing is run twice unasked.

    start       what was asked for: how many workers, on which units; what cannot go together is refused
    pool        the units: which are free, which are ours, which are not trusted any more
    crew        in the controller: which worker has which unit; hears of deaths, gives units back
    starting    in the controller: a worker killed while it starts ends nothing
    scheduler   in the controller: xdist's scheduler, by the rules of ``farm.schedule``
    lending     units of workers that have nothing to do, for a case that spreads its samples
    telling     what the controller has to tell by itself
    times       how long tests took before
    distrust    what is made of a unit whose worker was killed
    seat        what the controller tells a worker with each test, and hears from it: small files
    worker      in a worker: takes its unit, runs one test at a time
    pause       what a worker holds between two tests
    tries       a test that the rig has ended is not told before it was tried on another unit
    inorder     the same without xdist: one test after the other
    needs       what a test needs, and whether this bench has it
    aside       the first try's reports stay, beside the second's

Nothing of this is imported by a run of pytest without ``--board``.
"""

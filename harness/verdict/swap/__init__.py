"""What a swap did: two runs on the same samples, held against each other.

    facts       what a comparison says         pairing    which samples are the same
    changes     what is not the same           decisions  right and wrong
    margin      whether it is kept             power      what so many samples can show
    tables      how likely counts are          classes    each class
    outputs     the raw values                 scores     tasks without classes
    timing      cycles, instructions           memory     sizes
    findings    what is no figure              limits     how much worse it may be
    compare     all of it

Pure: records and arrays in, frozen types out. Two runs become one ``Comparison``, which every report and every gate reads.
"""

from harness.verdict.swap.compare import Margins, compare_sides
from harness.verdict.swap.facts import Comparison
from harness.verdict.swap.limits import Limit
from harness.verdict.swap.pairing import Side

__all__ = ["Comparison", "Limit", "Margins", "Side", "compare_sides"]

"""What a swap did: two runs on the same samples, held against each other. Pure: records and arrays in, frozen types out.

facts       what a comparison says         pairing    which samples are the same
changes     what is not the same           decisions  right and wrong, the margin
classes     each class                     power      what so many samples can show
outputs     the raw values                 memory     sizes
findings    what is no figure              compare    all of it
"""

from harness.verdict.swap.compare import Margins, compare_sides
from harness.verdict.swap.facts import Comparison
from harness.verdict.swap.limits import Limit
from harness.verdict.swap.pairing import Side

__all__ = ["Comparison", "Limit", "Margins", "Side", "compare_sides"]

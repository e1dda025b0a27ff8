"""One board on one line: the only place where the wire meets a transport.

    verbs        Session: hello, ping, status, fault, layers, stream      pump       the loop transport <-> conversation
    stream       what came of a stream, and the errors that end one       layers     looks into one sample's layers
    climb, baud  to the fastest speed that holds, and back                wirelog    every byte with its time
    baud_memory  the speed that each unit's line held last time           rescue     what a stream may do about silence

It knows no case, no plan, no reference and no verdict (``run`` does), and opens no unit (``bench`` does). To add a verb: a
request and its answer in ``wire``, a method of ``Session`` that asks for it, and its other side in ``testing.device``.
"""

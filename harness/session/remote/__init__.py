"""A session that is carried out beside the board, on the host that the unit is plugged into, for a client on another one.

Between a question to the board and its time-out lies no network then, and the line is kept full from there: samples travel
ahead in bulk, answers back. ``elsewhere`` is the client's ``Session``, ``served`` what does its work, ``words`` how both tell.
"""

"""One case on several units of its kind: its samples are spread over them, each is scored once, and some go to all.

``spread``    which sample goes to which unit (pure)
``agree``     whether the units compute the same (pure)
``places``    which units a case gets
``seat``      one unit's part: opened, flashed, streamed to, in a thread of its own
``crew``      all of them together, and what is written down as it comes
``pooled``    what came back, as one stream's
``case``      the road from a case to its record
"""

"""One case on several units of its kind: its samples are spread over them, each is scored once, and some go to all.

``spread``     which sample goes to which unit (pure)
``agree``      whether the units compute the same, and who is odd (pure)
``places``     which units a case gets
``shared``     what the units' threads share: the queue, who said what, the way to the main thread
``seat``       one unit's part, in a thread of its own: opened, flashed, streamed to
``stopping``   how such a thread is ended from outside
``crew``       all of them at work, and what is written down as it comes
``reference``  which answers are not the host's
``pooled``     what came back, as one stream's, and each unit's part
``aftermath``  whose fault it was, before samples are judged
``case``       the road from a case to its record
"""

"""``hil serve``: pages over the history, the bench, and the cases that run on this host now.

    serve      the server's life: address, token, Ctrl-C            app       the application, put together
    settings   what it was told on the command line                 guard     who may ask, and how much: before any page
    proof      the login cookie, the tokens of forms                site      what the pages have in hand
    charts     sparklines and trends as inline SVG                  reports   a run's own report, from its folder or the store
    matrix, runs, run, compare, trends, bench, live, login          one page each, with a template of that name

Nothing is written but tags and notes, no command is run, no file is read but those of runs below the folder of reports.
Nobody imports this package but ``hil serve``.
"""

"""The guide: pages for people, as Markdown beside this file; `hil guide` shows them.

    pages       the pages by name, as files and as text for a terminal
    parts/      what is made from code, one file each, found by its name
    __main__    `python -m harness.guide` makes those parts anew

A page is a file of its own and a line in ``index.md``. What can be known from code is never written by hand: it stands between
``<!-- from code: NAME -->`` and ``<!-- end -->``, and a test fails when it is not what the code says. A block of commands
(``sh``) is run by the tests, page by page in an empty folder, unless the comment above it says why not:

    <!-- file: testplans/mine.yaml -->      the block below is that file; blocks of commands find it
    <!-- says: PASS -->                     what the commands below must print; several are set apart by " | "
    <!-- status: 1 -->                      the exit status of the last of them, 0 if nothing is said
    <!-- not run: needs a real board -->    they are shown only
"""

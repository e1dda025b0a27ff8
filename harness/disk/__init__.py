"""What every part needs of the disk: files that are whole or absent, locks, folders of the user's, scratch folders.

Nothing here knows what a file means. A writer that is killed, a full disk, a flipped bit, a folder where a file should be,
somebody else's folder: they are met here, once, so that no other part has to think of them.
"""

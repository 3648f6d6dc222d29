"""`evse-bridge backup` and `restore`: all that makes a box this box, in one encrypted file.

`sealed_file` is the file, `content` what is in it; `gathering` reads it from a box, `restoring` puts it on
one so that a power cut leaves all or nothing. Its form for readers: docs/backup.md.
"""

"""Root's program for updates: whole versions side by side, one switch, a trial, a proof, a way back.

`systemd/updater` starts that of the version which has proven itself: a bad new one cannot break the way back.
"""

"""PURE: the names of files that an update goes by."""

from __future__ import annotations

CURRENT = "current"  # the link to the version that the units start
TRIAL = "trial.json"  # there is a trial
COPY = "before-trial"  # database and state as they were before the switch
WANTED = "wanted.json"  # a slot waits for its trial
UNFINISHED = ".part"  # the ending of what is not whole, or no longer
DATABASE = ("bridge.sqlite", "bridge.sqlite-wal")  # and what SQLite makes of them
SHARED_MEMORY = "bridge.sqlite-shm"

TRIAL_MARK = "trial"  # in the runtime folder: the bridge looks at it
REQUEST = "update"  # in the runtime folder: the bridge's one word
ANSWER = "update-answer"  # in the runtime folder: ours

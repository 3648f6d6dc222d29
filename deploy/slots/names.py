"""PURE: the names of files that an update goes by."""

from __future__ import annotations

from typing import Literal

CURRENT = "current"  # the link to the version that the units start
TRIAL = "trial.json"  # there is a trial
COPY = "before-trial"  # database and state as they were before the switch
WANTED = "wanted.json"  # a slot waits for its trial
CHARGE_POINT_FILE = "charge-point.toml"
ConfigFile = Literal["wallbox.toml", "charge-point.toml"]  # the owner's
UNFINISHED = ".part"  # the ending of what is not whole, or no longer
DATABASE = ("bridge.sqlite", "bridge.sqlite-wal")  # and what SQLite makes of them
SHARED_MEMORY = "bridge.sqlite-shm"

TRIAL_MARK = "trial"  # in the runtime folder: the bridge looks at it
REQUEST = "update"  # in the runtime folder: the bridge's one word
ANSWER = "update-answer"  # in the runtime folder: ours

"""`python -I -m bridge.backup [CONFIG STATE]`: evse-restore.service. Ends what a power cut left of a restore.

It runs before any program of ours. CONFIG and STATE: the folders, if they are not those of the units.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bridge.backup import restore as restores
from bridge.backup.alone import alone
from bridge.backup.disk import Disk
from bridge.backup.places import places
from bridge.folders import CommandError, chosen


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    config, state = (Path(one) for one in arguments) if arguments else (None, None)
    box = places(chosen(config, state, None, mock=False))
    try:
        with alone(box.state):
            sys.stdout.write(f"{restores.finish(box, Disk())}\n")
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

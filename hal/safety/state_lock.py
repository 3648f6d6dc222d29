"""Who may write the state file: one life of `hal.safety` with its keepers, and whether the last one had done.

The lock is one open file that a life hands to each of its keepers: it is free when all of them have ended.
What stands in it, the id of the boot, is a mark: something may have been handed to a keeper and not be on the
disk. The keeper takes it away at its end; one that is killed leaves it. The file lies in the runtime folder,
where nothing waits for a disk.
"""

import fcntl
import os
from pathlib import Path

FILE_NAME = "wallbox-state.lock"  # in the runtime folder
_BOOT_ID_BYTES = 36


class StateLock:
    """`held` once it is ours. `unsure`: a killed keeper of this boot may have lost something."""

    def __init__(self, runtime_dir: Path, boot_id: str) -> None:
        """Raises OSError when the runtime folder cannot be used."""
        self.descriptor = os.open(runtime_dir / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._boot_id = boot_id.encode()
        self.held = False
        self.unsure = False

    def take(self) -> bool:
        """Whether it is ours now; never waits."""
        if not self.held:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.held = True
            self.unsure = os.pread(self.descriptor, _BOOT_ID_BYTES, 0) == self._boot_id
            os.pwrite(self.descriptor, self._boot_id, 0)
        return True

    def close(self) -> None:
        """Free, once the keepers have ended too."""
        os.close(self.descriptor)


def all_written(descriptor: int) -> None:
    """What a keeper says of that lock at its end."""
    os.ftruncate(descriptor, 0)

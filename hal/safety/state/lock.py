"""Who may write the state file: one life of `hal.safety` with its writers, and whether the last one had done.

The lock is one open file that a life hands to each of its writers: it is free when all of them have ended. In
it stand two marks, each the id of the boot. The first: something may have been handed to a writer and not be
on the disk; the writer takes it away at its end, one that is killed leaves it. The second: a life that began
in doubt has nothing on the disk yet. The file lies in the runtime folder, where nothing waits for a disk.
"""

import fcntl
import os
from pathlib import Path

from hal.contract import STATE_LOCK_NAME

_MARK_BYTES = 36  # of a boot id
_HANDED_OVER, _IN_DOUBT = 0, _MARK_BYTES  # where the marks stand
_NO_MARK = bytes(_MARK_BYTES)


class StateLock:
    """`held` once it is ours. `unsure`: a life of this boot before ours may have lost something."""

    def __init__(self, runtime_dir: Path, boot_id: str) -> None:
        """Raises OSError when the runtime folder cannot be used."""
        self.descriptor = os.open(runtime_dir / STATE_LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._boot_id = boot_id.encode()
        self.held = False
        self.unsure = False

    def take(self) -> bool:
        """Takes the lock if it is free, and says whether it is ours now; never waits."""
        if not self.held:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.held = True
            if self._boot_id in os.pread(self.descriptor, 2 * _MARK_BYTES, 0):
                self.doubt()
            os.pwrite(self.descriptor, self._boot_id, _HANDED_OVER)
        return True

    def doubt(self) -> None:
        """Notes that the disk may not hold the last: for the next life too, until `all_stored`."""
        self.unsure = True
        os.pwrite(self.descriptor, self._boot_id, _IN_DOUBT)

    def all_stored(self) -> None:
        """Notes that all this life knows is on the disk."""
        if self.unsure:
            self.unsure = False
            os.pwrite(self.descriptor, _NO_MARK, _IN_DOUBT)

    def close(self) -> None:
        """Frees the lock, once the writers have ended too."""
        os.close(self.descriptor)


def all_written(descriptor: int) -> None:
    """Writes what a writer reports about that lock at its end."""
    os.pwrite(descriptor, _NO_MARK, _HANDED_OVER)

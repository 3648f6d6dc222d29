"""The errors of backup and restore, which end the command in words."""

from __future__ import annotations

import errno

from bridge.folders import CommandError, unusable


class BackupError(CommandError):
    """The file, or this box, does not allow what was asked; the box is as it was."""


def refused(error: OSError, option: str) -> CommandError:
    """Says what the system refused, and what to do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BackupError(f"{error.filename}: {error.strerror}; free space on its disk")
    return unusable(error, option)

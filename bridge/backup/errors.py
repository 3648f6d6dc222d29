"""The errors of backup and restore, which end the command in words."""

from __future__ import annotations

from bridge.folders import CommandError


class BackupError(CommandError):
    """The file, or this box, does not allow what was asked; the box is as it was."""

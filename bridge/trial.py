"""Looks whether a new version is on trial: as long as one is, root keeps a file in the runtime folder."""

from __future__ import annotations

import os
from pathlib import Path

from bridge.core.maintenance.trial import Trial
from hal import durable
from hal.visible import visible

TRIAL_NAME = "trial"  # holds the version
LOOK_EVERY_S = 1.0
_MOST_BYTES = 256  # a version is short; what is longer is no trial file, and counts as one


def look(runtime_dir: Path) -> Trial:
    """Returns what stands there. In doubt one is on trial: a session that began then could be lost."""
    path = runtime_dir / TRIAL_NAME
    try:
        version = visible(durable.read(path, _MOST_BYTES).decode(errors="replace").strip())
    except FileNotFoundError:
        # A link that leads nowhere is something, too.
        return Trial(_doubt(path, "it leads nowhere")) if os.path.lexists(path) else Trial()
    except OSError as error:
        return Trial(_doubt(path, error.strerror or str(error)))
    return Trial(f"version {version} is on trial" if version else "a new version is on trial")


def _doubt(path: Path, why: str) -> str:
    return (
        f"a new version may be on trial: {path} cannot be read: {why} (if no update is going on, remove it)"
    )

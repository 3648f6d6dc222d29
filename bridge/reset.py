"""Asks the supervisor for a restart, by a file in the runtime folder."""

from __future__ import annotations

import logging
from pathlib import Path

RESET_NAME = "reset"  # holds soft, hard or reboot

log = logging.getLogger(__name__)


def ask(runtime_dir: Path, what: str) -> bool:
    """Asks by a file. False: it cannot be written, and the log says why."""
    log.warning("Reset: asking for %s", what)
    try:
        (runtime_dir / RESET_NAME).write_text(what + "\n")
    except OSError as error:
        log.error("Reset: nothing could be asked to restart: %s", error)
        return False
    return True

"""Where a program's log goes: to the journal, with levels, when systemd reads us; to standard error else."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping


def begin(name: str, text_format: str) -> None:
    """Starts logging, once, before a program's first word; `name` is what `journalctl -t` asks for."""
    logging.basicConfig(
        level=logging.INFO, format=text_format, handlers=[handler(name, os.environ, sys.stderr.fileno())]
    )


def handler(name: str, environment: Mapping[str, str], descriptor: int) -> logging.Handler:
    """Makes systemd-python's, where it is installed and `descriptor` leads to the journal (systemd.exec(5),
    JOURNAL_STREAM); what is written there by others has no level."""
    seen = os.fstat(descriptor)
    if environment.get("JOURNAL_STREAM") == f"{seen.st_dev}:{seen.st_ino}":
        try:
            from systemd.journal import JournalHandler  # of the extra `pi`
        except ImportError:
            return logging.StreamHandler()
        return JournalHandler(SYSLOG_IDENTIFIER=name)  # type: ignore[no-any-return,unused-ignore]
    return logging.StreamHandler()

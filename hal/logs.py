"""Where a program's log goes: to the journal, with levels, when systemd reads us; to standard error else.

Whatever is logged passes `Bounded`: a record is one line of visible characters, and what repeats is counted.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping

from hal.repeats import Repeats
from hal.visible import visible

LINE_MOST = 2000  # characters


def begin(name: str, text_format: str) -> None:
    """Starts logging, once, before a program's first word; `name` is what `journalctl -t` asks for."""
    logging.basicConfig(
        level=logging.INFO, format=text_format, handlers=[handler(name, os.environ, sys.stderr.fileno())]
    )


def handler(name: str, environment: Mapping[str, str], descriptor: int) -> logging.Handler:
    """Makes systemd-python's, where it is installed and `descriptor` leads to the journal (systemd.exec(5),
    JOURNAL_STREAM); what is written there by others has no level."""
    made = _made(name, environment, descriptor)
    made.addFilter(Bounded(made.emit, time.monotonic))
    return made


def _made(name: str, environment: Mapping[str, str], descriptor: int) -> logging.Handler:
    seen = os.fstat(descriptor)
    if environment.get("JOURNAL_STREAM") == f"{seen.st_dev}:{seen.st_ino}":
        try:
            from systemd.journal import JournalHandler  # of the extra `pi`
        except ImportError:
            return logging.StreamHandler()
        return JournalHandler(SYSLOG_IDENTIFIER=name)  # type: ignore[no-any-return,unused-ignore]
    return logging.StreamHandler()


class Bounded(logging.Filter):
    """Makes each record one visible line, its traceback too, and lets through what `Repeats` does."""

    def __init__(self, emit: Callable[[logging.LogRecord], None], clock: Callable[[], float]) -> None:
        """`emit`: the handler's own, for how many more there were. `clock`: seconds that only rise."""
        super().__init__()
        self._emit = emit
        self._clock = clock
        self._repeats = Repeats()

    def filter(self, record: logging.LogRecord) -> bool:
        """Says whether it is to be written, after what was counted before it."""
        line = visible(record.getMessage(), LINE_MOST)
        record.msg, record.args = line, ()
        if record.exc_info and record.exc_info[1] is not None:
            lines = "".join(traceback.format_exception(record.exc_info[1])).splitlines()
            record.exc_text = "\n".join(visible(each, LINE_MOST) for each in lines)
        lines = self._repeats.feed(line, self._clock())
        passes = bool(lines) and lines[-1] is line
        for count in lines[: len(lines) - passes]:
            self._emit(logging.LogRecord(record.name, record.levelno, "", 0, "%s", (count,), None))
        return passes

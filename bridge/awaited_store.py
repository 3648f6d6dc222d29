"""Opens the store, as long as that takes: a disk may be full, the file that of a newer version,
or the box moved away.

Ending instead would be to be started again each second, with the reason between a thousand other lines.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from bridge import clock
from bridge.store.errors import StoreError
from bridge.store.held import require_free
from bridge.store.writer import Writer
from hal.notify import Notify

AGAIN_S = 5.0
FEED_S = 0.25

log = logging.getLogger(__name__)


async def awaited_store(path: Path, notify: Notify) -> Writer:
    """Tries until it is there. The reason is said once, and is what systemd shows of the program then."""
    said = ""
    while True:
        try:
            require_free(path.parent)
            return await Writer.open(path)
        except StoreError as error:
            if str(error) != said:
                said = str(error)
                log.critical(
                    "the database cannot be opened, so nobody can charge; tried again each %g s: %s",
                    AGAIN_S,
                    said,
                )
                notify.send(f"READY=1\nSTATUS={said}")
        await _pass(notify)


async def _pass(notify: Notify) -> None:
    """Waits until the next try, and feeds the watchdog meanwhile."""
    end_s = clock.now_s() + AGAIN_S
    while clock.now_s() < end_s:
        notify.feed_watchdog(clock.now_s())
        await asyncio.sleep(FEED_S)

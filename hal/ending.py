"""How a program of asyncio ends after SIGTERM: in order, and within its time whatever its ports do.

A cancellation can be lost: `asyncio.wait_for` of Python 3.11 returns what it waited for when that is ready at
the moment of the cancellation, and pymodbus waits so for each answer. Whoever lost it is cancelled again.
What does not let the event loop run at all (a driver that never returns), and a thread that the end waits for
(it reads a FIFO), is ended by the kernel: SIGALRM keeps its default action.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

_AGAIN_S = 1.0  # an orderly end takes some 50 ms; who has not ended by then is cancelled again

log = logging.getLogger("hal")


def run(work: Coroutine[Any, Any, None], limit_s: float) -> None:
    """Runs `work` until it ends, or SIGTERM or SIGINT cancels it; then the process is over in `limit_s`."""
    asyncio.run(_until_asked(work, limit_s))


def when_asked(deed: Callable[[], object], limit_s: float) -> None:
    """Lets SIGTERM and SIGINT do `deed` in the running loop; the kernel ends the process `limit_s` later."""
    loop = asyncio.get_running_loop()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0.0:  # here, not in the loop: it may stand still
            signal.setitimer(signal.ITIMER_REAL, limit_s)
        loop.call_soon_threadsafe(deed)

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Returns when it has ended: it is cancelled until it has."""
    task.cancel()
    while (await asyncio.wait({task}, timeout=_AGAIN_S))[1]:
        task.cancel()


async def _until_asked(work: Coroutine[Any, Any, None], limit_s: float) -> None:
    working = asyncio.create_task(work)
    asked = asyncio.Event()
    when_asked(asked.set, limit_s)
    waiting = asyncio.create_task(asked.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        working.cancel()
    while (await asyncio.wait({working}, timeout=_AGAIN_S))[1]:
        log.warning("it does not end: all that it does is cancelled again")
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working

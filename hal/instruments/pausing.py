"""A task that can be paused while another needs its port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from hal.ending import cancelled


class PausableTask:
    """Runs `work` as a task of `tasks`; its own end, by whatever it raises, is the group's to see."""

    def __init__(self, tasks: asyncio.TaskGroup, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._tasks = tasks
        self._work = work
        self._task = tasks.create_task(work())

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Ends the task, which has let go of all inside; afterwards it begins again, unless all ends."""
        await cancelled(self._task)
        try:
            yield
        finally:
            if not _ends():
                self._task = self._tasks.create_task(self._work())


def _ends() -> bool:
    """Says whether the task that runs now is being cancelled."""
    running = asyncio.current_task()
    return running is not None and running.cancelling() > 0

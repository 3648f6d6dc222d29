"""Runs the errands of the core, one of each slot at a time, and reports how each ended."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, assert_never

from bridge.core.errand import (
    Done,
    Ended,
    Errand,
    Failed,
    Fetch,
    Install,
    NotGenuine,
    Outcome,
    Slot,
    TooOld,
    Upload,
)
from bridge.jobs.attempt import (
    BURST,
    InstallError,
    Patience,
    SignatureError,
    Tls,
    TooOldError,
    TransferError,
)

if TYPE_CHECKING:
    from bridge.jobs.firmware import FirmwareFolder

log = logging.getLogger(__name__)

Work = Upload | Fetch | Install


class Worker:
    """Runs errands; `close` ends them all, and an errand that is ended so reports nothing.

    `firmware` makes the folder when an errand first needs it: an idle bridge holds no library for transfers.
    """

    def __init__(
        self,
        tell: Callable[[Ended], Awaitable[None]],
        firmware: Callable[[], FirmwareFolder],
        tls: Tls,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._tell = tell
        self._firmware = firmware
        self._tls = tls
        self._patience = patience
        self._running: dict[Slot, asyncio.Task[None]] = {}
        self._began: dict[Slot, deque[float]] = {}  # the last transfers, by the loop's clock

    def begin(self, errand: Errand) -> None:
        """Ends the one before it first."""
        before = self._running.pop(errand.slot, None)
        if before is not None:
            before.cancel()
        self._running[errand.slot] = asyncio.create_task(self._run(errand, before))

    async def close(self) -> None:
        """Returns when none runs any more."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self, errand: Errand, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        if errand.work is None:
            return
        if not isinstance(errand.work, Install):
            await self._pause(errand.slot)
        work = asyncio.create_task(self._perform(errand.work))
        try:
            await asyncio.wait([work])
        finally:
            work.cancel()
        await self._tell(Ended(errand.slot, errand.ticket, _outcome(errand, work)))

    async def _pause(self, slot: Slot) -> None:
        """Waits until another transfer may begin; a newer errand takes the place of the one that waits."""
        clock = asyncio.get_running_loop().time
        began = self._began.setdefault(slot, deque(maxlen=BURST))
        if len(began) == BURST and (wait_s := began[0] + self._patience.burst_s - clock()) > 0:
            log.warning("%s: asked for too often, begins in %.0f s", slot, wait_s)
            await asyncio.sleep(wait_s)
        began.append(clock())

    async def _perform(self, work: Work) -> Outcome:
        match work:
            case Upload():
                await self._send(work)
                return Done()
            case Fetch(url=url, least=least):
                return Done(await (await self._folder()).fetch(url, least))
            case Install(version=version):
                await (await self._folder()).install(version)
                return Done()
            case _:
                assert_never(work)

    async def _send(self, upload: Upload) -> None:
        await _loaded("bridge.jobs.transfer")
        from bridge.jobs.transfer import send

        await send(upload, self._tls, self._patience)

    async def _folder(self) -> FirmwareFolder:
        await _loaded("bridge.jobs.firmware")
        return self._firmware()


async def _loaded(module: str) -> None:
    """Loads in a thread: on a small Pi it takes seconds, and the wish has to be renewed meanwhile."""
    await asyncio.to_thread(importlib.import_module, module)


def _outcome(errand: Errand, work: asyncio.Task[Outcome]) -> Outcome:
    """Returns the outcome; a bug in a job is a failure of its errand, never of the bridge."""
    name = type(errand.work).__name__
    error = work.exception()
    if error is None:
        log.info("%s: done", name)
        return work.result()
    if isinstance(error, TransferError | SignatureError | TooOldError | InstallError):
        log.warning("%s: %s", name, error)
    else:
        log.error("%s: failed by a fault of our own", name, exc_info=error)
    if isinstance(error, TooOldError):
        return TooOld(error.version)
    return NotGenuine(str(error)) if isinstance(error, SignatureError) else Failed(str(error))

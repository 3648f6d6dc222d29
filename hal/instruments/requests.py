"""The requests of tools to the instruments. Each is refused unless the contactor is known to be open."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from hal.contract import SILENT_S, Answer, Request, Status

log = logging.getLogger("hal.instruments")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a request, in words and numbers."""

    ok: bool
    text: str
    measured: dict[str, float] = field(default_factory=dict)


Deed = Callable[[str], Awaitable[Result]]  # takes the request's argument


class Requests:
    """Runs requests one at a time, and answers each once."""

    def __init__(self, deeds: Mapping[str, Deed], answer: Callable[[Answer], None]) -> None:
        self._deeds = deeds
        self._answer = answer
        self._status: Status | None = None
        self._running = ""

    def feed_status(self, status: Status) -> None:
        """Keeps the newest Status, on which a refusal depends."""
        self._status = status

    def feed(self, request: Request, tasks: asyncio.TaskGroup) -> None:
        """Begins to carry it out, or refuses at once."""
        if why := self._refusal(request, time.monotonic()):
            self._answer(Answer(id=request.id, ok=False, text=f"{request.do}: {why}"))
            return
        self._running = request.do
        tasks.create_task(self._carry_out(request))

    def _refusal(self, request: Request, now_s: float) -> str:
        """Says why it is refused; empty: it may be done."""
        status = self._status
        if request.do not in self._deeds:
            return f"not known; hal.instruments does {', '.join(self._deeds)}"
        if self._running:
            return f"{self._running} is not over yet"
        if status is None or now_s - status.at_s > SILENT_S:
            return "refused: it is not known whether the contactor is open"
        if status.contactor_commanded or status.contactor_closed:
            return "refused while the contactor is closed; end the charge first"
        return ""

    async def _carry_out(self, request: Request) -> None:
        log.info("request %s %s", request.do, request.argument)
        try:
            result = await self._deeds[request.do](request.argument)
        finally:
            self._running = ""
        self._answer(Answer(id=request.id, ok=result.ok, text=result.text, measured=result.measured))

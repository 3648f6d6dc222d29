"""Metrics for Prometheus, to programs of this machine and to whoever may look."""

from __future__ import annotations

from aiohttp import web

from bridge.local.watch import Watch
from bridge.local.web.answering import Answering

PATH = "/metrics"


class Metrics:
    """Answers GET /metrics, for one server."""

    def __init__(self, answering: Answering, watch: Watch) -> None:
        self._answering = answering
        self._watch = watch

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Returns all metrics as text. Raises ApiError for a stranger."""
        if not self._answering.admitted(request, "open").local:
            self._answering.admitted(request, "owner")
        from bridge.local.metrics.exposition import CONTENT_TYPE, exposition  # its library takes memory

        seen = await self._watch.fresh()
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        return web.Response(body=exposition(seen.state), headers=headers)

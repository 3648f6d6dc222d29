"""A bridge as the owner's side sees it: its socket, a State that the test sets, the orders that came."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from bridge.local import orders
from bridge.local.orders import LookAtState, Looked, Order, Reply
from bridge.local.state.state import State
from tests.bridge.local.states import WELL, changed

SERIAL = "MOCK00000001"
HERE = changed(WELL, mock=True, box={"serial": SERIAL})


class DeskModel:
    """Answers each look with `state`, and each other order with `reply`; `ordered` is what came."""

    def __init__(self, runtime: Path) -> None:
        self._path = runtime / orders.SOCKET_NAME
        self.state: State = HERE
        self.reply = Reply("Accepted")
        self.ordered: list[Order] = []

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listens meanwhile; at the end the bridge is away."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        server = await asyncio.start_unix_server(self._converse, self._path)
        try:
            yield
        finally:
            server.close()
            self._path.unlink(missing_ok=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            order = orders.order(await reader.readline())
            if isinstance(order, LookAtState):
                writer.write(orders.encode(Looked(self.state)))
            else:
                self.ordered.append(order)
                writer.write(orders.encode(self.reply))
            await writer.drain()
        writer.close()

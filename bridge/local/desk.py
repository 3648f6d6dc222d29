"""The bridge's own socket: passes each order to the actor, and its reply back to the command.

What needs no decision it answers itself: who it is, the sessions, a page at a time, and a copy of the store.
The state is drawn by the actor, at most each LOOK_EVERY_S however many ask, and the store is asked for its
queue more seldom still: whoever looks costs the charge point nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import msgspec

from bridge.local import orders
from bridge.local.frame_ring import FrameRing
from bridge.local.kept import KeptFor
from bridge.local.orders import (
    Answered,
    CopyStore,
    Frames,
    Identify,
    Identity,
    Installed,
    Keys,
    ListFrames,
    ListSessions,
    LookAtState,
    Looked,
    Order,
    Ordered,
    Page,
    Reply,
)
from bridge.local.state.state import Queue
from bridge.store.errors import StoreError
from bridge.store.reads import Reads
from bridge.store.writer import copied_apart

MODE = 0o660  # its user and group
MOST_CLIENTS = 8
PAGE_SESSIONS = 50
LOOK_EVERY_S = 0.25
QUEUE_EVERY_S = 5.0

log = logging.getLogger(__name__)


class Desk:
    """Serves the commands. Run `run()` as a task; cancelling it ends all connections. Without a socket the
    bridge continues."""

    def __init__(
        self,
        runtime_dir: Path,
        identity: Callable[[], Identity],
        store: Reads,
        ordered: Callable[[Ordered], Awaitable[None]],
        frames: FrameRing,
    ) -> None:
        self._path = runtime_dir / orders.SOCKET_NAME
        self._identity = identity
        self._store = store
        self._ordered = ordered
        self._frames = frames
        self._tickets = count(1)
        self._copying = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._looked: KeptFor[Looked | Reply] = KeptFor(LOOK_EVERY_S)
        self._queue: KeptFor[Queue | None] = KeptFor(QUEUE_EVERY_S)
        self._waiting: dict[int, asyncio.Future[Answered]] = {}
        self._conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}  # the oldest first
        self._ordering: set[asyncio.Task[None]] = set()  # of these, those that wait for a reply

    async def run(self) -> None:
        """Listens for orders and answers them, until cancelled."""
        try:
            listening = _bound(self._path)
        except OSError as error:
            log.error("%s: no orders are taken: %s", self._path, error.strerror or error)
            return
        async with await asyncio.start_unix_server(self._begin, sock=listening, limit=orders.LINE_LIMIT):
            try:
                await asyncio.Event().wait()
            finally:  # since Python 3.12 a server that closes waits for its connections
                for conversation, writer in self._conversations.items():
                    writer.transport.abort()
                    conversation.cancel()

    def reply(self, ticket: int, reply: Answered) -> None:
        """Sends a reply to the command that gave the order, if it is still connected."""
        waiting = self._waiting.get(ticket)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._conversations) >= MOST_CLIENTS:
            self._make_room()
        conversation = asyncio.create_task(self._converse(reader, writer))
        self._conversations[conversation] = writer
        conversation.add_done_callback(lambda ended: self._conversations.pop(ended, None))

    def _make_room(self) -> None:
        """Ends the oldest conversation, of those that have ordered nothing if there is one: whoever comes is
        let in, so that nobody can keep the owner out."""
        idle = (each for each in self._conversations if each not in self._ordering)
        oldest = next(idle, None) or next(iter(self._conversations))
        self._conversations.pop(oldest).transport.abort()
        oldest.cancel()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(orders.encode(await self._answer(orders.order(line))))
                await writer.drain()
        except (OSError, ValueError):  # ValueError: no order
            pass
        finally:
            writer.close()

    async def _answer(self, order: Order) -> Answered | Page | Identity | Frames:
        match order:
            case Identify():
                return self._identity()
            case ListSessions(after=after):
                return self._page(after)
            case CopyStore():
                return await self._copied()
            case LookAtState():
                return await self._look()
            case ListFrames(after=after):
                return self._frames.page(after)
            case _:
                return await self._carried_out(order)

    def _page(self, after: int) -> Page:
        try:
            return Page(tuple(self._store.sessions(after, PAGE_SESSIONS)))
        except StoreError as error:
            return Page(why=str(error))

    async def _copied(self) -> Reply:
        """Copies one after the other: they have one place."""
        async with self._copying:
            try:
                return Reply("Accepted", str(await copied_apart(Path(self._identity().database))))
            except StoreError as error:
                return Reply(why=str(error))

    async def _look(self) -> Looked | Reply:
        """Draws the state anew when the last one is old enough; who asks sooner gets the same."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if (young := self._looked.get(loop.time())) is not None:
                return young
            seen = self._with_queue(await self._carried_out(LookAtState()), loop.time())
            return self._looked.put(seen, loop.time())

    def _with_queue(self, seen: Answered, now_s: float) -> Looked | Reply:
        match seen:
            case Looked(state=state) if state is not None:
                queue = self._queue.get(now_s) or self._queue.put(self._counted(), now_s)
                return Looked(msgspec.structs.replace(state, queue=queue))
            case Installed() | Keys():
                raise TypeError("the actor answered another order")
            case _:
                return seen

    def _counted(self) -> Queue | None:
        try:
            return Queue(waiting=self._store.backlog(), dead_letters=self._store.dead_letter_count())
        except StoreError:
            return None

    async def _carried_out(self, order: Order) -> Answered:
        ticket = next(self._tickets)
        self._waiting[ticket] = asyncio.get_running_loop().create_future()
        conversation = asyncio.current_task()
        assert conversation is not None
        self._ordering.add(conversation)
        try:
            await self._ordered(Ordered(ticket, order))
            return await self._waiting[ticket]
        finally:
            self._ordering.discard(conversation)
            del self._waiting[ticket]


def _bound(path: Path) -> socket.socket:
    """Takes the place of one that a killed bridge left. Raises OSError."""
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~MODE)
    try:
        made.bind(str(path))
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made

"""The owner's side asks the running bridge: one connection an order, bounded in time, size and number."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bridge.local import orders
from bridge.local.exchange import REPLY_LIMIT
from bridge.local.orders import Order, ReplyKind

WITHIN_S = 10.0  # what needs no Central System
AT_ONCE = 4  # connections: the desk has eight, and the commands of the machine want some


class BridgeAwayError(Exception):
    """No bridge answers; the text says why, in a sentence."""


class Asker:
    """Asks the bridge of a runtime folder, from one event loop."""

    def __init__(self, runtime_dir: Path) -> None:
        self._path = runtime_dir / orders.SOCKET_NAME
        self._places = asyncio.Semaphore(AT_ONCE)

    async def ask(self, order: Order, kind: type[ReplyKind], within_s: float = WITHIN_S) -> ReplyKind:
        """Returns the reply to this order. Raises BridgeAwayError when none has come after `within_s`."""
        try:
            async with asyncio.timeout(within_s), self._places:
                line = await self._exchanged(orders.encode(order))
            if not line:
                raise BridgeAwayError("The charge point ended the connection: it may be of an older version.")
            return orders.reply(line, kind)
        except TimeoutError:
            raise BridgeAwayError(f"The charge point did not answer within {within_s:g} s.") from None
        except (FileNotFoundError, ConnectionRefusedError):
            raise BridgeAwayError("The charge point does not run.") from None
        except OSError as error:
            raise BridgeAwayError(f"The charge point cannot be asked: {error.strerror or error}.") from None
        except ValueError:  # a line that is too long, or no reply
            raise BridgeAwayError(
                "The charge point answered something that this version does not know."
            ) from None

    async def _exchanged(self, order: bytes) -> bytes:
        """Raises OSError; ValueError for a reply that is too long."""
        reader, writer = await asyncio.open_unix_connection(str(self._path), limit=REPLY_LIMIT)
        try:
            writer.write(order)
            return await reader.readline()
        finally:
            writer.transport.abort()

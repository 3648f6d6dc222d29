"""The bridge's end of the socket of `hal.safety`: stays connected, receives everything, sends wishes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from hal import contract
from hal.contract import Hello, LineBuffer, Message, Wish

log = logging.getLogger(__name__)

RETRY_S = 0.5
READ_BYTES = 65_536
UNSENT_LIMIT = 65_536  # bytes a `hal.safety` that does not read may leave; then the wishes must lapse


class HalClient:
    """Run `run()` as a task. Without a connection wishes are dropped: they are renewed each second."""

    def __init__(self, runtime_dir: Path, heard: Callable[[Message], Awaitable[None]]) -> None:
        self._path = runtime_dir / contract.SOCKET_NAME
        self._heard = heard
        self._writer: asyncio.StreamWriter | None = None
        self._connected = True  # so that the first failure is logged

    async def run(self) -> None:
        """Connects, again and again, until cancelled."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(self._path))
            except OSError as error:
                self._log(connected=False, why=f"{self._path}: {error.strerror or error}")
            else:
                await self._converse(reader, writer)
            await asyncio.sleep(RETRY_S)

    def send(self, wish: Wish) -> None:
        """Hands the wish to the socket, if there is one."""
        writer = self._writer
        if writer is not None and writer.transport.get_write_buffer_size() < UNSENT_LIMIT:
            writer.write(contract.encode(wish))

    async def flush(self) -> None:
        """Waits, before the program ends, until the last wish has left."""
        if self._writer is not None:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await self._writer.drain()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(contract.encode(Hello(role="bridge")))
        self._writer = writer
        self._log(connected=True)
        try:
            await self._read(reader)
        except (OSError, ValueError) as error:  # ValueError: a line of no end
            self._log(connected=False, why=str(error))
        else:
            self._log(connected=False, why="hal.safety closed the connection")
        finally:
            self._writer = None
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        lines = LineBuffer()
        while received := await reader.read(READ_BYTES):
            for line in lines.feed(received):
                try:
                    message = contract.decode(line)
                except ValueError as error:
                    log.warning("dropped a line of hal.safety: %s", error)
                else:
                    await self._heard(message)

    def _log(self, *, connected: bool, why: str = "") -> None:
        if connected != self._connected:
            if connected:
                log.info("connected to hal.safety")
            else:
                log.warning("no connection to hal.safety: %s", why)
        self._connected = connected

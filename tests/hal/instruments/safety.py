"""A socket in hal.safety's place."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hal.contract import LineBuffer, Message, decode


class Safety:
    """Remembers what each connection said."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self.heard: list[list[Message]] = []
        self.reads = True

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._converse, self._path)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        self._path.unlink(missing_ok=True)  # since Python 3.13 asyncio does this itself

    def say(self, line: bytes) -> None:
        self._writers[-1].write(line)

    def hang_up(self) -> None:
        self._writers[-1].close()

    async def _converse(self, lines: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard: list[Message] = []
        self.heard.append(heard)
        self._writers.append(writer)
        buffer = LineBuffer()
        while self.reads and (received := await lines.read(4096)):
            heard += [decode(line) for line in buffer.feed(received)]

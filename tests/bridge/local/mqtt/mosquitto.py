"""A real broker, Eclipse Mosquitto, as a process of the test, and a client that sees all topics."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.system.waiting import until_asked

_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin"
PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path=_PLACES)
needs_mosquitto = pytest.mark.skipif(PROGRAM is None, reason="needs mosquitto: apt-get install mosquitto")


class Mosquitto:
    """One broker on a port of its own, which it keeps over a restart."""

    def __init__(self, folder: Path, extra: str = "", anonymous: bool = True) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._file = folder / "mosquitto.conf"
        self._file.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous {str(anonymous).lower()}\nuser root\n{extra}"
        )
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it listens."""
        assert PROGRAM is not None
        null = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(
            PROGRAM, "-c", str(self._file), stdout=null, stderr=null
        )
        await until_asked(self._listens, "mosquitto listens")

    async def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, "mosquitto ended"
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, as SIGSTOP: it is slow without end."""
        assert self.process is not None
        self.process.send_signal(number)

    async def end(self) -> None:
        """Ends it, also while it is stopped."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@contextlib.asynccontextmanager
async def broker(folder: Path, extra: str = "", *, anonymous: bool = True) -> AsyncIterator[Mosquitto]:
    """Gives one that is not started yet; at the end it is gone."""
    made = Mosquitto(folder, extra, anonymous)
    try:
        yield made
    finally:
        await made.end()


class Observer:
    """What the broker has given since the connection: the last payload of each topic, and all in order."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.last: dict[str, bytes] = {}
        self.all: list[tuple[str, bytes, bool]] = []

    def text(self, topic: str) -> str:
        """Returns the last payload; empty: there was none."""
        return self.last.get(topic, b"").decode(errors="replace")

    def json(self, topic: str) -> dict[str, Any]:
        """Returns the last payload read as a JSON object; empty: there was none."""
        try:
            return dict(json.loads(self.text(topic)))
        except ValueError:
            return {}

    async def run(self) -> None:
        """Notes what comes, until the connection ends."""
        async for message in self.client.messages:
            self.last[str(message.topic)] = message.payload
            self.all.append((str(message.topic), message.payload, message.retain))


@contextlib.asynccontextmanager
async def observing(port: int, **access: Any) -> AsyncIterator[Observer]:
    """Subscribes to everything."""
    async with aiomqtt.Client("127.0.0.1", port, **access) as client:
        await client.subscribe("#", qos=1)
        observer = Observer(client)
        running = asyncio.create_task(observer.run())
        try:
            yield observer
        finally:
            running.cancel()
            await asyncio.wait({running})

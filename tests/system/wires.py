"""Those who look on: the whole truth of the simulated world from mock.sock, and an observer of hal.sock."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hal.contract import MOCK_SOCKET_NAME, SOCKET_NAME, Hello, LineBuffer, Message, Status, decode, encode

T = TypeVar("T")
_ANSWER_S = 30.0
_AGAIN_S = 0.05
_LINE_LIMIT = 1 << 20


@dataclass(frozen=True)
class Change:
    """What changed in the simulated world at once; `at_s` is the mock's own clock (CLOCK_MONOTONIC)."""

    at_s: float
    now: dict[str, Any]


class Truth:
    """What the mock says of box and car. Run `watch` as a task."""

    def __init__(self, runtime_dir: Path) -> None:
        self.changes: list[Change] = []
        self._path = runtime_dir / MOCK_SOCKET_NAME

    async def do(self, verb: str, **more: object) -> dict[str, Any]:
        """The answer, whatever it is."""
        lines, writer = await asyncio.open_unix_connection(self._path, limit=_LINE_LIMIT)
        try:
            writer.write(json.dumps({"do": verb, **more}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(await asyncio.wait_for(lines.readline(), _ANSWER_S))
        finally:
            writer.close()
        return answer

    async def watch(self) -> None:
        """Every change, until the mock ends."""
        lines, writer = await asyncio.open_unix_connection(self._path, limit=_LINE_LIMIT)
        try:
            writer.write(b'{"do": "watch"}\n')
            await lines.readline()
            while line := await lines.readline():
                told = json.loads(line)
                self.changes.append(Change(told["at_s"], told["changed"]))
        finally:
            writer.close()

    def of(self, name: str, since_s: float = 0.0) -> list[tuple[float, Any]]:
        """When it changed, and to what."""
        return [
            (change.at_s, change.now[name])
            for change in self.changes
            if name in change.now and change.at_s >= since_s
        ]


class Observer:
    """Hears everything on hal.sock, over as many starts of `hal.safety` as there are. Run `listen`."""

    def __init__(self, runtime_dir: Path) -> None:
        self.heard: list[Message] = []
        self._path = runtime_dir / SOCKET_NAME

    def of(self, kind: type[T]) -> list[T]:
        """All of that kind, in order."""
        return [message for message in self.heard if isinstance(message, kind)]

    @property
    def status(self) -> Status:
        """The newest."""
        return next(message for message in reversed(self.heard) if isinstance(message, Status))

    async def listen(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path)
            except OSError:
                pass
            else:
                await self._hear(reader, writer)
            await asyncio.sleep(_AGAIN_S)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = LineBuffer()
        try:
            writer.write(encode(Hello(role="observer")))
            while received := await reader.read(65_536):
                self.heard += [decode(line) for line in buffer.feed(received)]
        except ConnectionError:
            pass
        finally:
            writer.close()

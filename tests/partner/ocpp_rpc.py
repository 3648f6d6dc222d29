"""The npm package ocpp-rpc in strict mode, in the place of the embedded Central System.

What it says on its wire is written into the same ledger and transcript; what is a violation is its own word
alone. Install it with `npm ci --prefix tests/partner`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Literal

from bridge.central_system.frames import Call, CallError, CallResult, Frame, FrameError, parse
from bridge.demo.central_system import CentralSystem, Line, Refused
from bridge.demo.ledger import Payload, Tag

FOLDER = Path(__file__).parent
LINE_LIMIT = 1 << 20
STARTS_S = 60.0


def missing() -> str | None:
    """Why it cannot be started here; None: it can."""
    if shutil.which("node") is None:
        return "node is not installed: Node.js 18 or newer is needed"
    if not (FOLDER / "node_modules" / "ocpp-rpc").is_dir():
        return "ocpp-rpc is not installed: npm ci --prefix tests/partner"
    return None


class OcppRpc(CentralSystem):
    """Use as the embedded one. It answers in its usual way only: `script` says nothing to it."""

    def __init__(self, tags: Mapping[str, Tag]) -> None:
        super().__init__(tags)
        self._infos = {id_tag.upper(): tag.info for id_tag, tag in tags.items()}
        self._numbers = count(1)
        self._called: dict[int, asyncio.Future[Payload]] = {}
        self._books: asyncio.Future[list[Payload]] | None = None
        self._asked: dict[str, Call] = {}  # by id, of the charge point and our own
        self._living: Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Starts the program; returns when it has a port."""
        self._living = await asyncio.create_subprocess_exec(
            "node", "central_system.mjs", json.dumps(self._infos),
            cwd=FOLDER, stdin=PIPE, stdout=PIPE, limit=LINE_LIMIT,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen_to(self._living))
        await self.until(lambda: self.port, STARTS_S)

    async def stop_listening(self) -> None:
        """The end of its input is its end."""
        if self._living is None or self._listening is None:
            return
        assert self._living.stdin is not None
        self._living.stdin.close()
        assert await self._living.wait() == 0
        await self._listening
        self._living = None

    async def call(
        self, action: str, payload: Payload, *, timeout_s: float = 30.0, sound: bool = True
    ) -> Payload:
        """As the embedded one. What is not sound never leaves it: strict mode holds for both sides."""
        assert sound, "ocpp-rpc sends nothing that breaks a schema"
        number = next(self._numbers)
        self._called[number] = asyncio.get_running_loop().create_future()
        self._tell({"call": number, "action": action, "payload": payload})
        return await asyncio.wait_for(self._called[number], timeout_s)

    async def transactions(self) -> list[Payload]:
        """Its own books: `transactionId`, `start` and `stops` of each."""
        self._books = asyncio.get_running_loop().create_future()
        self._tell({"transactions": True})
        return await self._books

    def _tell(self, thing: Payload) -> None:
        assert self._living is not None
        assert self._living.stdin is not None
        self._living.stdin.write(json.dumps(thing).encode() + b"\n")

    async def _listen_to(self, living: Process) -> None:
        assert living.stdout is not None
        while line := await living.stdout.readline():
            self._hear(json.loads(line))
            self._stir()

    def _hear(self, said: Payload) -> None:
        match said:
            case {"listening": port}:
                self.port = port
            case {"connected": _}:
                self.connections += 1
            case {"message": text, "outbound": outbound}:
                self._note(text, outbound=outbound)
            case {"violation": text}:
                self.violations.append(text)
            case {"called": number} if self._called[number].done():
                pass  # nobody waits for it any more
            case {"called": number, "error": [code, text]}:
                action = f"call {number}"
                self._called[number].set_exception(Refused(action, CallError(action, code, text)))
            case {"called": number, "payload": payload}:
                self._called[number].set_result(payload)
            case {"transactions": books} if self._books is not None:
                self._books.set_result(books)
            case {"disconnected": _}:
                self.registered = False

    def _note(self, text: str, *, outbound: bool) -> None:
        try:
            frame = parse(text)
        except FrameError:  # what is wrong with it ocpp-rpc says
            frame = None
        if isinstance(frame, Call):
            self._asked[frame.id] = frame
        asked = self._asked.get(frame.id) if frame is not None else None
        sender: Literal["charge point", "central system"] = "central system" if outbound else "charge point"
        action = asked.action if asked is not None else None
        self.transcript.append(Line(time.monotonic(), self.connections, sender, text, frame, action))
        if outbound and asked is not None:
            self._write_to_ledger(asked, frame)

    def _write_to_ledger(self, asked: Call, answer: Frame | None) -> None:
        if isinstance(answer, CallResult):
            self.ledger.write_down(asked.action, asked.payload, answer.payload)
            if asked.action == "BootNotification":
                self.registered = True

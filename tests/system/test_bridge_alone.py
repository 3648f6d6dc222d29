"""`bridge` as a process of its own, without a wallbox: what no scenario can see of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from bridge.inbox import MOST_CALLS
from tests.memory import MEMORY
from tests.system import configured
from tests.system.programs import Programs

pytestmark = pytest.mark.real

PATIENCE_S = 60.0
AT_ONCE_S = 1.0


class Desk(ServerConnection):
    """A Central System that accepts everything, and counts what it is asked and how often it is pinged."""

    pings = 0

    def process_event(self, event: Any) -> None:
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pings += 1
        super().process_event(event)


class Alone:
    """The process and its Central System."""

    def __init__(self, folder: Path) -> None:
        self.run = Programs(folder)
        self.log = folder / "log"
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.living: Process | None = None
        self._desk: asyncio.Future[Desk] = asyncio.get_running_loop().create_future()
        self._ids = count(1)
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def converse(self, desk: ServerConnection) -> None:
        """All of one connection."""
        async for text in desk:
            kind, identity, *rest = json.loads(text)
            if kind == 2:
                self.said.append((rest[0], rest[1]))
                await desk.send(json.dumps([3, identity, _answer(rest[0])]))
                if rest[0] == "BootNotification" and isinstance(desk, Desk):
                    self._desk.set_result(desk)
            else:
                self._answers.pop(identity).set_result(rest[0])

    async def ask(self, action: str, **payload: Any) -> dict[str, Any]:
        """What it answers."""
        desk = await self.desk()
        identity = f"cs-{next(self._ids)}"
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[identity] = answer
        await desk.send(json.dumps([2, identity, action, payload]))
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def desk(self) -> Desk:
        """Its connection, once it is accepted."""
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.shield(self._desk)

    async def until(self, seen: Callable[[], bool]) -> None:
        """Polls; fails after a minute."""
        async with asyncio.timeout(PATIENCE_S):
            while not seen():  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.02)


def _answer(action: str) -> dict[str, Any]:
    utc = datetime.now(UTC).isoformat()
    usual: dict[str, dict[str, Any]] = {
        "BootNotification": {"status": "Accepted", "currentTime": utc, "interval": 0},
        "Heartbeat": {"currentTime": utc},
    }
    return usual.get(action, {})


@contextlib.asynccontextmanager
async def alone() -> AsyncIterator[Alone]:
    folder = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
    made = Alone(folder)
    protocols = [Subprotocol("ocpp1.6")]
    async with serve(
        made.converse, "127.0.0.1", 0, subprotocols=protocols, create_connection=Desk, ping_interval=None
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        configured.write(made.run.config, {}, {"central_system.url": f"ws://127.0.0.1:{port}/ocpp"})
        made.run.state.mkdir()
        made.run.runtime.mkdir()
        (made.run.runtime / "boot_id").write_text("boot-1\n")
        command = made.run.program("bridge", "--mock")
        with made.log.open("wb") as log:
            made.living = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=log)
        try:
            yield made
        finally:
            with contextlib.suppress(ProcessLookupError):
                made.living.kill()
            await made.living.wait()
    shutil.rmtree(folder)


async def test_a_ping_interval_is_in_force_at_once_on_the_same_connection() -> None:
    """WebSocketPingInterval, of the definition's keys; 0 ends the pings: OCPP-J 1.6 5.4, OCPP 1.6 9.1.34."""
    async with alone() as a:
        desk = await a.desk()
        assert desk.pings == 0  # 30 s at first start
        changed = {"key": "WebSocketPingInterval", "value": "1"}
        assert await a.ask("ChangeConfiguration", **changed) == {"status": "Accepted"}
        began_s = asyncio.get_running_loop().time()
        await a.until(lambda: desk.pings >= 2)
        assert asyncio.get_running_loop().time() - began_s >= AT_ONCE_S
        await a.ask("ChangeConfiguration", key="WebSocketPingInterval", value="0")
        pings = desk.pings
        await asyncio.sleep(1.5)
        assert desk.pings <= pings + 1  # one may have been under way
        assert not desk.close_code


async def test_a_reset_that_nobody_can_be_asked_for_is_told_and_the_process_goes_on() -> None:
    async with alone() as a:
        await a.desk()
        (a.run.runtime / "reset").mkdir()  # in the way of the file that asks for it
        assert await a.ask("Reset", type="Soft") == {"status": "Accepted"}
        await a.until(lambda: tuple(errors(a)[:2]) == ("ResetFailure", "NoError"))
        (a.run.runtime / "reset").rmdir()
        assert a.living is not None
        assert a.living.returncode is None
        assert await a.ask("Reset", type="Soft") == {"status": "Accepted"}
        async with asyncio.timeout(PATIENCE_S):
            assert await a.living.wait() == 0
        assert (a.run.runtime / "reset").read_text() == "soft\n"


async def test_calls_without_room_are_refused_and_the_others_answered() -> None:
    """OCPP-J 1.6 4.1.1 allows one at a time; none is lost and none holds up what the bridge itself calls."""
    async with alone() as a:
        changed = {"key": "HeartbeatInterval", "value": "600"}
        await a.desk()
        calls = [asyncio.create_task(a.ask("ChangeConfiguration", **changed)) for _ in range(4000)]
        answers = Counter(json.dumps(answer) for answer in await asyncio.gather(*calls))
        assert set(answers) == {'{"status": "Accepted"}', '"GenericError"'}
        assert answers['{"status": "Accepted"}'] >= MOST_CALLS
        assert a.log.read_text().count("the newest are refused") == 1


async def test_the_end_waits_for_no_call_and_closes_the_link_in_order() -> None:
    """RFC 6455 7.1.2: what still comes is read, so that the answer to our close frame is seen."""
    async with alone() as a:
        changed = {"key": "HeartbeatInterval", "value": "600"}

        async def never_stop() -> None:
            while True:
                await a.ask("ChangeConfiguration", **changed)

        await a.ask("ChangeConfiguration", **changed)
        # Each answer is followed by another call, so a bridge that waited for the last would never end.
        asking = [asyncio.create_task(never_stop()) for _ in range(500)]
        await a.ask("ChangeConfiguration", **changed)
        assert a.living is not None
        a.living.terminate()
        async with asyncio.timeout(PATIENCE_S):
            assert await a.living.wait() == 0
        assert "link: closed by us" in a.log.read_text()
        for task in asking:
            task.cancel()
        ended = await asyncio.gather(*asking, return_exceptions=True)
        assert {type(end) for end in ended} <= {asyncio.CancelledError, ConnectionClosedOK}


async def test_frames_and_keys_are_listed_and_a_written_password_is_nowhere() -> None:
    async with alone() as a:
        changed = {"key": "AuthorizationKey", "value": "6e6f626f64792d6b6e6f77732d7468697321"}
        assert await a.ask("ChangeConfiguration", **changed) == {"status": "Accepted"}
        said = await asyncio.to_thread(_command, "frames", "--json", "--runtime-dir", str(a.run.runtime))
        frames = [json.loads(line) for line in said.splitlines()]
        boot, answer = frames[:2]
        assert (boot["number"], boot["direction"], boot["kind"]) == (1, "sent", "call")
        assert boot["action"] == answer["action"] == "BootNotification"
        assert "chargePointVendor" in json.loads(boot["payload"])
        (written,) = [each for each in frames if each["identity"] == "cs-1" and each["kind"] == "call"]
        assert json.loads(written["payload"]) == {"key": "AuthorizationKey", "value": "***"}
        keys = await asyncio.to_thread(_command, "keys", "--json", "--runtime-dir", str(a.run.runtime))
        assert len(keys) > 10_000  # longer than any line for a person
        assert "AuthorizationKey" in {each["name"] for each in json.loads(keys)}
        for text in (said, keys, a.log.read_text()):
            assert changed["value"] not in text
            assert bytes.fromhex(changed["value"]).decode() not in text


def _command(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "bridge.cli.main", *words], capture_output=True, text=True, check=True
    )
    return done.stdout


def errors(a: Alone) -> list[str]:
    """Of connector 0, from the first failure on."""
    told = [
        said["errorCode"]
        for action, said in a.said
        if action == "StatusNotification" and not said["connectorId"]
    ]
    return told[told.index("ResetFailure") :] if "ResetFailure" in told else []

"""The embedded Central System of the demo and of the system tests: small, real and strict.

It listens on a WebSocket, answers every request a charge point may send, keeps a ledger and a transcript, and
judges every frame in both directions. It deduplicates nothing. `Script` makes it behave badly on demand.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, TypeVar
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from bridge.central_system.frames import Call, CallError, CallResult, Frame, encode
from bridge.demo.ledger import Ledger, Payload, Registration, Tag
from bridge.demo.strict import StrictRules, is_sound

Seen = TypeVar("Seen")
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the transcript; `frame` is None if it could not be read."""

    at_s: float  # CLOCK_MONOTONIC
    connection: int  # counts from 1
    sender: Literal["charge point", "central system"]
    text: str | bytes
    frame: Frame | None
    action: str | None  # also of the CALL that an answer belongs to


@dataclass(slots=True)
class Script:
    """How the Central System behaves; may be changed at any time."""

    boot: Registration = "Accepted"
    boot_interval_s: int = 300
    delay_s: dict[str, float] = field(default_factory=dict)  # by action: answer so much later
    silent: set[str] = field(default_factory=set)  # actions never answered
    errors: dict[str, list[str]] = field(default_factory=dict)  # by action: codes for the next CALLERRORs
    answers: dict[str, Payload] = field(default_factory=dict)  # by action: instead of the usual answer
    refuse: HTTPStatus | None = None  # handshakes

    def refuse_next(self, action: str, count: int = 1, code: str = "GenericError") -> None:
        """Answers the next `count` requests of this action with a CALLERROR."""
        self.errors.setdefault(action, []).extend([code] * count)


class Refused(Exception):  # noqa: N818 - what the charge point did
    """The charge point answered a call with a CALLERROR."""

    def __init__(self, action: str, error: CallError) -> None:
        super().__init__(f"{action}: {error.code}: {error.description}")
        self.error = error


@dataclass(slots=True)
class _Session:
    """One connection of the charge point."""

    number: int
    identity: str
    socket: ServerConnection
    rules: StrictRules
    waiting: dict[str, asyncio.Future[CallResult | CallError]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)  # id -> action, both directions


class CentralSystem:
    """Use as `async with CentralSystem(...) as it`. One charge point: its newest connection counts.

    `violations` must be empty at the end of a test. `heard` is called with each line of the transcript.
    """

    def __init__(
        self,
        tags: Mapping[str, Tag],
        *,
        port: int = 0,
        call_timeout_s: float = 30.0,
        heard: Callable[[Line], None] | None = None,
    ) -> None:
        """Takes a CALL within `call_timeout_s`, the charge point's least time-out, for a violation."""
        self.port = port  # a free one is taken for 0
        self.script = Script()
        self.ledger = Ledger(tags)
        self.transcript: list[Line] = []
        self.violations: list[str] = []
        self.registered = False  # a BootNotification was accepted
        self.connections = 0  # handshakes completed so far
        self._call_timeout_s = call_timeout_s
        self._heard = heard
        self._server: Server | None = None
        self._session: _Session | None = None
        self._late_answers: set[asyncio.Task[None]] = set()
        self._one_call = asyncio.Lock()
        self._news = asyncio.Event()

    async def __aenter__(self) -> CentralSystem:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop_listening()

    # The socket

    @property
    def url(self) -> str:
        """Returns the URL to which the charge point adds its identity."""
        return f"ws://{HOST}:{self.port}/ocpp"

    @property
    def identity(self) -> str | None:
        """Returns that of the charge point that is connected; None when there is none."""
        return self._session.identity if self._session is not None else None

    async def listen(self) -> None:
        """Listens on the same port as before, if there was one."""
        self._server = await serve(
            self._converse,
            HOST,
            self.port,
            subprotocols=[Subprotocol("ocpp1.6")],
            process_request=self._refuse_handshake,
            compression=None,
            ping_interval=None,
            close_timeout=1.0,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop_listening(self) -> None:
        """Closes the connection too; from now on connections are refused."""
        for answer in self._late_answers:
            answer.cancel()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def close_socket(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection with a close frame."""
        await self._present().socket.close(code, reason)

    def drop_socket(self) -> None:
        """Aborts the TCP connection, without a close frame."""
        self._present().socket.transport.abort()

    def freeze(self) -> None:
        """Reads nothing any more, pings included, until the connection ends: a half-open link."""
        self._present().socket.transport.pause_reading()

    def _present(self) -> _Session:
        if self._session is None:
            raise ConnectionError("no charge point is connected")
        return self._session

    async def _refuse_handshake(self, connection: ServerConnection, _: Request) -> Response | None:
        status = self.script.refuse
        return connection.respond(status, f"{status.phrase}\n") if status is not None else None

    async def _converse(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        identity = unquote(connection.request.path.rpartition("/")[2])
        self.connections += 1
        session = _Session(self.connections, identity, connection, StrictRules(self._call_timeout_s))
        self._session = session
        self._stir()
        try:
            async for message in connection:
                await self._received(session, message)
        except ConnectionClosed:
            pass
        finally:
            self._ended(session)

    def _ended(self, session: _Session) -> None:
        if self._session is session:
            self._session = None
        for answer in session.waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the connection ended"))
        self._stir()

    # What is said

    async def call(
        self, action: str, payload: Payload, *, timeout_s: float = 10.0, sound: bool = True
    ) -> Payload:
        """Returns the charge point's answer. `sound=False`: a request meant to break the rules.

        Raises Refused for a CALLERROR, TimeoutError, ConnectionError.
        """
        async with self._one_call:
            session = self._present()
            call = Call(str(uuid.uuid4()), action, payload)
            answer: asyncio.Future[CallResult | CallError] = asyncio.get_running_loop().create_future()
            session.waiting[call.id] = answer
            await self._send(session, call, sound=sound)
            try:
                async with asyncio.timeout(timeout_s):
                    answered = await answer
            except TimeoutError:
                session.rules.ours.expired(float("inf"))
                raise TimeoutError(f"{action}: no answer within {timeout_s:g} s") from None
        if isinstance(answered, CallError):
            raise Refused(action, answered)
        return answered.payload

    async def send_raw(self, message: str | bytes) -> None:
        """Sends whatever it is; not judged."""
        session = self._present()
        self._write_down(session, "central system", message, None, None)
        await session.socket.send(message)

    async def until(self, seen: Callable[[], Seen], timeout_s: float = 30.0) -> Seen:
        """Returns what `seen` gives as soon as it is true; asked at each message and each connection.

        Raises TimeoutError, with the last of the transcript.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not (outcome := seen()):
                    await self._news.wait()
        except TimeoutError:
            last = "\n".join(str(line.text) for line in self.transcript[-12:])
            raise TimeoutError(f"not seen within {timeout_s:g} s; the last messages were:\n{last}") from None
        return outcome

    def requests(self, action: str) -> list[Payload]:
        """Returns all of the charge point's requests of this action, in order."""
        calls = (line.frame for line in self.transcript if line.sender == "charge point")
        return [call.payload for call in calls if isinstance(call, Call) and call.action == action]

    async def _send(self, session: _Session, frame: Frame, *, sound: bool = True) -> None:
        text = encode(frame)
        faults = session.rules.sent(frame, time.monotonic(), float("inf"))
        self.violations.extend(faults if sound else [])
        if isinstance(frame, Call):
            session.asked[frame.id] = frame.action
        action = session.asked.get(frame.id)
        if action == "BootNotification" and isinstance(frame, CallResult):
            self.registered = frame.payload["status"] == "Accepted"
        self._write_down(session, "central system", text, frame, action)
        with contextlib.suppress(ConnectionClosed):
            await session.socket.send(text)

    async def _received(self, session: _Session, message: str | bytes) -> None:
        now_s = time.monotonic()
        registered = self.registered or self.script.boot == "Pending"
        frame, faults = session.rules.received(message, now_s, registered=registered)
        self.violations.extend(faults)
        if isinstance(frame, Call):
            session.asked[frame.id] = frame.action
        action = session.asked.get(frame.id) if frame is not None else None
        self._write_down(session, "charge point", message, frame, action)
        if isinstance(frame, Call):
            await self._answer(session, frame)
        elif frame is not None and (answer := session.waiting.pop(frame.id, None)) and not answer.done():
            answer.set_result(frame)

    def _write_down(
        self,
        session: _Session,
        sender: Literal["charge point", "central system"],
        text: str | bytes,
        frame: Frame | None,
        action: str | None,
    ) -> None:
        line = Line(time.monotonic(), session.number, sender, text, frame, action)
        self.transcript.append(line)
        if self._heard is not None:
            self._heard(line)
        self._stir()

    def _stir(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    # Answers

    async def _answer(self, session: _Session, call: Call) -> None:
        answer = self._decide(call)
        if call.action in self.script.silent:
            return
        delay_s = self.script.delay_s.get(call.action, 0.0)
        if not delay_s:
            await self._send(session, answer)
            return
        late = asyncio.create_task(self._answer_later(session, answer, delay_s))
        self._late_answers.add(late)
        late.add_done_callback(self._late_answers.discard)

    async def _answer_later(self, session: _Session, answer: Frame, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        await self._send(session, answer)

    def _decide(self, call: Call) -> CallResult | CallError:
        codes = self.script.errors.get(call.action)
        if codes:
            return CallError(call.id, codes.pop(0), "as the script wants it")
        if not is_sound(call):
            return CallError(call.id, "FormationViolation", "see the violations")
        payload = self.script.answers.get(call.action) or self._usual_answer(call)
        self.ledger.write_down(call.action, call.payload, payload)
        return CallResult(call.id, payload)

    def _usual_answer(self, call: Call) -> Payload:
        if call.action == "BootNotification":
            return self.ledger.boot_answer(self.script.boot, self.script.boot_interval_s)
        return self.ledger.answer(call.action, call.payload)

"""The Unix socket of `hal.safety`: receives wishes and readings, sends the status to all clients, never
blocks.

Bounded work a tick whatever the peers do: garbage, floods, silence and readers that stop reading are dropped
and counted. Who first says it is the bridge keeps that role while connected; so do the instruments.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

import msgspec

from hal.contract import (
    FRESH_S,
    SOCKET_NAME,
    WISH_LIFE_RESTART_S,
    Answer,
    Box,
    Card,
    Hello,
    HouseReading,
    InstrumentBox,
    Message,
    Reading,
    Request,
    Role,
    Status,
    Temperatures,
    Wish,
    decode,
    encode,
)
from hal.safety.journal import Journal
from hal.safety.server.client import Client, GoneError
from hal.safety.server.owners import VARIABLE
from hal.safety.server.relay import Relay

_MOST_OBSERVERS = 12  # and tools: beside them there are the bridge and the instruments
_MOST_STRANGERS = 4  # that have not; others wait in the socket's queue
_HELLO_WITHIN_S = 1.0
_HELLO_IN_A_CROWD_S = (
    0.2  # while all seats of strangers are taken: 128 that say nothing hold others up for 7 s
)
_MOST_ASKED = 8  # requests that wait for the loop
_LAMP_LETTERS = 64  # a lamp pattern is echoed in every Status
_SOLE: tuple[Role, ...] = ("bridge", "instruments")
_SOCKET_MODE = 0o660  # whatever the umask: for its owner and the folder's group


_NOBODYS: Mapping[Role, int] = {}


class SocketTakenError(Exception):
    """A living `hal.safety` listens there already; the text names the socket."""


class Server:
    """The socket: holds the newest message of each client, and sends to all."""

    def __init__(
        self, runtime_dir: Path, box: Box, journal: Journal, owners: Mapping[Role, int] = _NOBODYS
    ) -> None:
        """Takes the place of a killed process's socket. `owners`: role -> the only uid that may have it.

        Raises SocketTakenError when the owner of the socket lives.
        """
        self._path = runtime_dir / SOCKET_NAME
        self._listener = _listen(self._path)
        self._box = encode(box)
        self._journal = journal
        self._owners = owners
        self._relay = Relay()
        self._clients: list[Client] = []
        self.asked: deque[tuple[Client, Request]] = deque()  # for the loop to take, carry out or relay
        self._reading: Reading | None = None
        self._temperatures: Temperatures | None = None
        self._status = b""
        self.wish: Wish | None = None  # the newest; whether it still lives is the core's to judge
        self.instruments: InstrumentBox | None = None  # as they said last; None while they are not there
        self.dropped = 0

    def serve(self, now_s: float) -> None:
        """Takes what came in, a bounded part of it a tick."""
        self._accept(now_s)
        for client in tuple(self._clients):
            if client not in self._clients:  # dropped since, for not reading what another one said
                continue
            try:
                self._hear(client, now_s)
            except GoneError as gone:
                self._drop(client, str(gone))
        for client, answer in self._relay.overdue(now_s):
            self.answer(client, answer)

    def answer(self, client: Client, answer: Answer) -> None:
        """Sends an answer to the tool that asked, if it is still there."""
        if client not in self._clients:
            return
        try:
            client.send(encode(answer))
        except GoneError as gone:
            self._drop(client, str(gone))

    def relay(self, client: Client, request: Request, now_s: float) -> None:
        """Sends it to the instruments; their answer, or why there is none, goes to `client`."""
        instruments = next((other for other in self._clients if other.role == "instruments"), None)
        forwarded = self._relay.forward(client, request, now_s) if instruments else None
        if instruments is None or forwarded is None:
            why = "too many requests are on their way" if instruments else "hal.instruments is not connected"
            self.answer(client, Answer(id=request.id, ok=False, text=f"{request.do}: {why}"))
            return
        try:
            instruments.send(encode(forwarded))
        except GoneError as gone:
            self._drop(instruments, str(gone))

    def publish(self, status: Status) -> None:
        """Sends to everybody who has said Hello; who comes later gets it with the Hello."""
        self._status = encode(status)
        self._tell_all(self._status)

    def fresh_reading(self, now_s: float) -> Reading | None:
        """Returns the last Reading; None once it is 3 s old, or from a clock that is not ours."""
        return self._reading if self._reading and abs(now_s - self._reading.at_s) <= FRESH_S else None

    def fresh_temperatures(self, now_s: float) -> Temperatures | None:
        """Returns the last temperatures; None when they are older than FRESH_S."""
        latest = self._temperatures
        return latest if latest and abs(now_s - latest.at_s) <= FRESH_S else None

    def close(self) -> None:
        """Ends every connection and takes the socket away."""
        for client in self._clients:
            client.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self, now_s: float) -> None:
        strangers = [client for client in self._clients if client.role is None]
        crowded = len(strangers) >= _MOST_STRANGERS
        for late in strangers:
            if now_s - late.connected_at_s > (_HELLO_IN_A_CROWD_S if crowded else _HELLO_WITHIN_S):
                self._drop(late, "it sent no Hello")
        for _ in range(_MOST_STRANGERS - len(strangers)):
            try:
                connection, _ = self._listener.accept()
            except OSError:  # nobody is waiting, or the newcomer has gone again
                return
            self._clients.append(Client(connection, now_s))

    def _hear(self, client: Client, now_s: float) -> None:
        for line in client.lines():
            try:
                message = decode(line)
            except ValueError:  # not UTF-8, not JSON, not a message
                self.dropped += 1
                continue
            if client.role is None:
                self._welcome(client, message)
            elif not self._take(client, message, line, now_s):
                self.dropped += 1

    def _welcome(self, client: Client, message: Message) -> None:
        """Raises GoneError unless this is a Hello, and for a role that is held or a full house."""
        if not isinstance(message, Hello):
            raise GoneError("the first line was not a Hello")
        if refusal := self._not_his(message.role, client.uid) or self._refusal(message.role):
            client.send(encode(Answer(id="hello", ok=False, text=refusal)))
            raise GoneError(refusal)
        self._make_room(message.role)
        client.role = message.role
        if message.role in _SOLE:
            self._journal.say(f"{message.role} connected")
        client.send(self._box)
        if self._status:
            client.send(self._status)

    def _not_his(self, role: Role, uid: int) -> str:
        if self._owners.get(role, uid) == uid:
            return ""
        return f"role {role}: uid {uid} may not have it, only uid {self._owners[role]} ({VARIABLE})"

    def _refusal(self, role: Role) -> str:
        held = role in _SOLE and any(client.role == role for client in self._clients)
        return f"role {role}: another client holds it; end that one first" if held else ""

    def _make_room(self, role: Role) -> None:
        """Ends the oldest observer or tool of a full house: whoever comes is let in, so that nobody who only
        holds a seat keeps the owner out."""
        others = [client for client in self._clients if client.role not in (None, *_SOLE)]
        if role not in _SOLE and len(others) >= _MOST_OBSERVERS:
            self._drop(others[0], f"{_MOST_OBSERVERS} observers and tools are connected, and another came")

    def _take(self, client: Client, message: Message, line: bytes, now_s: float) -> bool:
        """Takes a message; False when it is not this client's to send."""
        match message:
            case Wish():
                return client.role == "bridge" and self._take_wish(message, now_s)
            case Reading() | HouseReading() | Temperatures() | Card() | InstrumentBox():
                return client.role == "instruments" and self._pass_on(message, line)
            case Request():
                return client.role == "tool" and self._take_request(client, message)
            case Answer():
                return client.role == "instruments" and self._take_answer(message)
            case Hello() | Status() | Box():
                return False
            case _:
                assert_never(message)

    def _take_wish(self, wish: Wish, now_s: float) -> bool:
        if len(wish.lamp) > _LAMP_LETTERS:
            return False
        latest_end_s = now_s + WISH_LIFE_RESTART_S
        self.wish = msgspec.structs.replace(wish, valid_until_s=min(wish.valid_until_s, latest_end_s))
        return True

    def _take_request(self, client: Client, request: Request) -> bool:
        if len(self.asked) >= _MOST_ASKED:
            self.answer(client, Answer(id=request.id, ok=False, text=f"{request.do}: too many requests wait"))
        else:
            self.asked.append((client, request))
        return True

    def _take_answer(self, answer: Answer) -> bool:
        found = self._relay.back(answer)
        if found is not None:
            self.answer(*found)
        return found is not None

    def _pass_on(
        self, message: Reading | HouseReading | Temperatures | Card | InstrumentBox, line: bytes
    ) -> bool:
        match message:
            case Reading():
                self._reading = message
            case Temperatures():
                self._temperatures = message
            case InstrumentBox():
                self.instruments = message
            case Card() | HouseReading():
                pass  # for others: nothing here depends on the house
            case _:
                assert_never(message)
        self._tell_all(line + b"\n", but="instruments")
        return True

    def _tell_all(self, line: bytes, but: Role | None = None) -> None:
        for client in [client for client in self._clients if client.role not in (None, but)]:
            try:
                client.send(line)
            except GoneError as gone:
                self._drop(client, str(gone))

    def _drop(self, client: Client, reason: str) -> None:
        """Drops the client; counted when there is a reason: an orderly end has none."""
        client.close()
        self._clients.remove(client)
        self._relay.forget(client)
        self.dropped += bool(reason)
        if client.role == "instruments":
            self.instruments = None
        if client.role in _SOLE:
            self._journal.say(f"{client.role} disconnected{f': {reason}' if reason else ''}")


def _listen(path: Path) -> socket.socket:
    if _answers(path):
        raise SocketTakenError(f"{path}: another hal.safety listens there; only one may drive the box")
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    listener.setblocking(False)
    listener.bind(os.fspath(path))
    path.chmod(_SOCKET_MODE)
    listener.listen()
    return listener


def _answers(path: Path) -> bool:
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except BlockingIOError:  # it lives, with a full queue
            return True
        return True

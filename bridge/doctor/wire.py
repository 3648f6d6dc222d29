"""The doctor on the socket of `hal.safety`: receives what all clients get, sends what only tools may ask."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bridge.doctor.answers import another_runs
from hal.contract import (
    SOCKET_NAME,
    Answer,
    Box,
    Card,
    Hello,
    InstrumentBox,
    LineBuffer,
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

CONNECT_S = 5.0
ANSWER_S = 40.0  # hal.safety itself gives the instruments 30 s
AGAIN_S = 0.5  # after an answer that another request is not over yet, of a doctor who was stopped
_MOST_KEPT = 100


class NobodyError(Exception):
    """`hal.safety` cannot be reached; the text says why, `do` says what to do."""

    def __init__(self, why: str, do: str) -> None:
        super().__init__(why)
        self.do = do


@dataclass(slots=True)
class Heard:
    """The messages that `hal.safety` has sent since the doctor connected, the newest last."""

    box: Box | None = None
    statuses: list[Status] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    temperatures: Temperatures | None = None
    instruments: InstrumentBox | None = None

    @property
    def status(self) -> Status | None:
        """Returns the newest Status; None before the first."""
        return self.statuses[-1] if self.statuses else None

    @property
    def senses_live(self) -> bool:
        """Says whether `hal.instruments` has sent something."""
        return bool(self.readings) or self.temperatures is not None or self.instruments is not None

    def feed(self, message: Message) -> None:
        """Keeps what the doctor looks at."""
        match message:
            case Box():
                self.box = message
            case Status():
                self.statuses = [*self.statuses, message][-_MOST_KEPT:]
            case Reading():
                self.readings = [*self.readings, message][-_MOST_KEPT:]
            case Temperatures():
                self.temperatures = message
            case InstrumentBox():
                self.instruments = message
            case Hello() | Wish() | Card() | Request() | Answer():
                pass  # not sent to all, or no matter of the doctor's


class Wire:
    """Opens a connection for each question, so that nothing waits unread between them."""

    def __init__(self, runtime_dir: Path, *, mock: bool = False) -> None:
        """`mock`: it would be started by `run --mock`, which the error says."""
        self.heard = Heard()
        self._mock = mock
        self._path = runtime_dir / SOCKET_NAME
        self._number = 0

    def hear(self, enough: Callable[[Heard], bool], limit_s: float) -> bool:
        """Listens until it is `enough`; False: the time was over first. Raises NobodyError."""
        if enough(self.heard):
            return True
        with self._connected("observer") as link:
            return self._listen(link, lambda _: enough(self.heard), limit_s)

    def ask(self, owner: Literal["safety", "instruments"], do: str, argument: str = "") -> Answer:
        """Returns what came of a request, after an earlier one. Hears all else. Raises NobodyError."""
        until_s = time.monotonic() + ANSWER_S
        answer = self._ask(owner, do, argument)
        while another_runs(answer) and time.monotonic() < until_s:
            time.sleep(AGAIN_S)
            answer = self._ask(owner, do, argument)
        return answer

    def _ask(self, owner: Literal["safety", "instruments"], do: str, argument: str) -> Answer:
        self._number += 1
        request = Request(id=f"doctor-{self._number}", owner=owner, do=do, argument=argument)
        answers: list[Answer] = []

        def answered(message: Message) -> bool:
            if isinstance(message, Answer) and message.id in (request.id, "hello"):
                answers.append(message)
            return bool(answers)

        with self._connected("tool", request) as link:
            self._listen(link, answered, ANSWER_S)
        if answers:
            return answers[0]
        return Answer(id=request.id, ok=False, text=f"{do}: no answer within {ANSWER_S:g} s")

    def _connected(self, role: Role, *requests: Request) -> socket.socket:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        link.settimeout(CONNECT_S)
        try:
            link.connect(str(self._path))
            link.sendall(b"".join([encode(Hello(role=role)), *map(encode, requests)]))
        except OSError as error:
            link.close()
            raise _nobody(self._path, error, mock=self._mock) from None
        return link

    def _listen(self, link: socket.socket, enough: Callable[[Message], bool], limit_s: float) -> bool:
        lines, until_s = LineBuffer(), time.monotonic() + limit_s
        try:
            while (left_s := until_s - time.monotonic()) > 0:
                link.settimeout(left_s)
                received = link.recv(65_536)
                if not received:
                    raise NobodyError(
                        f"hal.safety closed {self._path}", "Read its log; run the doctor again."
                    )
                for message in _messages(lines.feed(received)):
                    self.heard.feed(message)
                    if enough(message):
                        return True
        except TimeoutError:
            return False
        except (OSError, ValueError) as error:
            raise NobodyError(f"{self._path}: {error}", "Read the log of hal.safety.") from None
        return False


def _messages(lines: list[bytes]) -> Iterator[Message]:
    for line in lines:
        with contextlib.suppress(ValueError):  # of a newer version
            yield decode(line)


def _nobody(path: Path, error: OSError, *, mock: bool) -> NobodyError:
    start = f"Start it: {'' if mock else 'systemctl start evse-bridge.target, or '}evse-bridge run"
    start += " --mock." if mock else "."
    match error:
        case FileNotFoundError():
            mocks = "" if mock else " A mock box of your own: evse-bridge doctor --mock, without sudo."
            return NobodyError(f"there is no {path}", f"{start} Or name its --runtime-dir.{mocks}")
        case ConnectionRefusedError():
            return NobodyError(f"nobody listens at {path}", start)
        case PermissionError():
            return NobodyError(
                f"no permission for {path}", "Run the doctor with sudo, or join the group evse."
            )
        case _:
            return NobodyError(f"{path}: {error.strerror or error}", start)

"""The doctor's requests on the socket, with a peer that still carries out somebody else's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from bridge.doctor.wire import Wire
from hal.contract import SOCKET_NAME, Answer, LineBuffer, Request, decode, encode


def test_a_request_waits_for_the_end_of_an_earlier_one(short_folder: Path) -> None:
    """As after a doctor who was stopped with Ctrl-C: his request goes on."""
    texts = ["probe-meter: probe-meter is not over yet"] * 2 + ["probe-meter: it answers"]
    with _peer(short_folder, texts) as asked:
        answer = Wire(short_folder).ask("instruments", "probe-meter")
    assert (answer.ok, answer.text) == (True, "probe-meter: it answers")
    assert [request.do for request in asked] == ["probe-meter"] * 3


def test_any_other_refusal_is_the_answer(short_folder: Path) -> None:
    with _peer(short_folder, ["probe-meter: refused while the contactor is closed"]) as asked:
        assert not Wire(short_folder).ask("instruments", "probe-meter").ok
    assert len(asked) == 1


@contextmanager
def _peer(folder: Path, texts: list[str]) -> Iterator[list[Request]]:
    """Answers one request on each connection, with these texts; one that ends in "answers" is good."""
    asked: list[Request] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(folder / SOCKET_NAME))
        server.listen()
        thread = Thread(target=_answer, args=(server, texts, asked))
        thread.start()
        yield asked
        thread.join()


def _answer(server: socket.socket, texts: list[str], asked: list[Request]) -> None:
    for text in texts:
        link, _ = server.accept()
        with link:
            lines = LineBuffer()
            while (request := _request(lines.feed(link.recv(65_536)))) is None:
                pass
            asked.append(request)
            link.sendall(encode(Answer(id=request.id, ok=text.endswith("answers"), text=text)))


def _request(lines: list[bytes]) -> Request | None:
    found = [message for message in map(decode, lines) if isinstance(message, Request)]
    return found[0] if found else None

"""Requests of tools on their way to `hal.instruments`, and the answers on their way back."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from hal.contract import Answer, Request
from hal.safety.server.client import Client

WAITS_S = 30.0  # a search for meters tries several serial settings
_MOST = 16  # on their way at once


@dataclass(frozen=True, slots=True)
class _Asked:
    client: Client
    id: str  # the tool's own
    do: str
    until_s: float


class Relay:
    """Relays requests and answers, with numbers of its own, since two tools may choose the same."""

    def __init__(self) -> None:
        self._on_their_way: dict[str, _Asked] = {}
        self._last = 0

    def forward(self, client: Client, request: Request, now_s: float) -> Request | None:
        """Returns the request as it goes to the instruments; None when too many are on their way."""
        if len(self._on_their_way) >= _MOST:
            return None
        self._last += 1
        number = f"relayed-{self._last}"
        self._on_their_way[number] = _Asked(client, request.id, request.do, now_s + WAITS_S)
        return msgspec.structs.replace(request, id=number)

    def back(self, answer: Answer) -> tuple[Client, Answer] | None:
        """Says whose answer it is; None for an answer nobody waits for."""
        asked = self._on_their_way.pop(answer.id, None)
        return (asked.client, msgspec.structs.replace(answer, id=asked.id)) if asked else None

    def overdue(self, now_s: float) -> list[tuple[Client, Answer]]:
        """Returns those whose time is over, each with the answer that says so."""
        late = [number for number, asked in self._on_their_way.items() if now_s >= asked.until_s]
        return [_unanswered(self._on_their_way.pop(number)) for number in late]

    def forget(self, client: Client) -> None:
        """Drops the requests of a client that has disconnected."""
        gone = [number for number, asked in self._on_their_way.items() if asked.client is client]
        for number in gone:
            del self._on_their_way[number]


def _unanswered(asked: _Asked) -> tuple[Client, Answer]:
    text = f"{asked.do}: hal.instruments gave no answer within {WAITS_S:g} s"
    return asked.client, Answer(id=asked.id, ok=False, text=text)

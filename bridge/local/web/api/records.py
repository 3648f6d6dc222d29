"""What was: sessions, plots, energy by day."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bridge.core.rows import Session
from bridge.local.orders import ListSessions, OfferAgain, Page, RowId
from bridge.local.session_seen import SessionSeen, seen
from bridge.local.session_table import COLUMNS, cells
from bridge.local.web.api.asked import Asked, Streamed
from bridge.local.web.api.operation import ApiError, Done, Operation

PAGE = 50
SPANS = {"hour": (3600, 10), "day": (86_400, 60)}  # seconds, and seconds of a step


class After(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sessions above this number, so many at most."""

    after: RowId = 0
    limit: Annotated[int, Meta(ge=1, le=PAGE)] = PAGE


class SessionNumber(msgspec.Struct, frozen=True):
    """Which session is meant."""

    id: RowId


class SessionPage(msgspec.Struct, frozen=True):
    """Sessions, the oldest first. `next`: after which number the next page begins; null: there is none."""

    sessions: tuple[SessionSeen, ...]
    next: int | None


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far back it goes."""

    span: Literal["hour", "day"] = "hour"


class Samples(msgspec.Struct, frozen=True):
    """Each: seconds since 1970, W, A on each phase, A offered. Where none was taken there is a gap."""

    step_s: int
    samples: list[Annotated[list[float], Meta(min_length=6, max_length=6)]]


class Per(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By what it is added up."""

    per: Literal["day", "month"] = "day"


class Energy(msgspec.Struct, frozen=True):
    """Each: day or month, Wh, and whether that is all: not where the box was off or a meter was replaced."""

    buckets: list[Annotated[list[str | int | bool], Meta(min_length=3, max_length=3)]]


async def sessions(asked: Asked) -> SessionPage:
    """Returns a page of sessions."""
    found = await _page(asked, asked.query.after)
    shown = found[: asked.query.limit]
    more = len(found) > len(shown) or len(found) == PAGE
    return SessionPage(tuple(map(seen, shown)), shown[-1].row.row_id if shown and more else None)


async def _page(asked: Asked, after: int) -> Sequence[Session]:
    """Raises ApiError when the bridge is away, cannot read them, or repeats itself."""
    page = await asked.order(ListSessions(after), Page)
    if page.why:
        raise ApiError(503, "not_readable", page.why)
    if page.sessions and page.sessions[-1].row.row_id <= after:
        raise ApiError(503, "not_readable", "The charge point lists the same sessions again: restart it.")
    return page.sessions


async def sessions_csv(asked: Asked) -> Streamed:
    """Returns all sessions, a page at a time."""
    first = await _page(asked, 0)
    return Streamed(_lines(asked, first), "sessions.csv")


async def _lines(asked: Asked, page: Sequence[Session]) -> AsyncIterator[str]:
    yield _written([COLUMNS])
    while page:
        yield _written([cells(session) for session in page])
        page = await _page(asked, page[-1].row.row_id)


def _written(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


async def offer_again(asked: Asked) -> Done:
    """Sends a dead letter once more."""
    return await asked.carried_out(OfferAgain(asked.places.id))


async def history(asked: Asked) -> Samples:
    """Returns what the plots are drawn from."""
    span_s, step_s = SPANS[asked.query.span]
    found = await asked.parts.history.samples(span_s, step_s, time.time())
    return Samples(step_s, [list(sample) for sample in found])


async def energy(asked: Asked) -> Energy:
    """Returns energy by day or month."""
    found = asked.parts.history.energy(by_month=asked.query.per == "month")
    return Energy([list(bucket) for bucket in found])


OPERATIONS = (
    Operation("GET", "/sessions", "Lists sessions, the oldest first", "owner", sessions, query=After,
              gives=SessionPage),
    Operation("GET", "/sessions.csv", "All sessions as CSV", "owner", sessions_csv, gives=None,
              kind="text/csv"),
    Operation("POST", "/sessions/{id}/offer-again", "Sends a dead letter once more", "owner", offer_again,
              places=SessionNumber, refuses=(409,)),
    Operation("GET", "/history", "Power and current of the last hour or day", "owner", history, query=Span,
              gives=Samples),
    Operation("GET", "/energy", "Energy by day or month", "owner", energy, query=Per, gives=Energy),
)  # fmt: skip

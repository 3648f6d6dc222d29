"""A charge point with a store of its own, and the pairs of a conversation with it."""

from __future__ import annotations

import weakref
from datetime import UTC, datetime, timedelta

from bridge.core.authorization.local_list import UpdateType
from bridge.core.charge_point import ChargePoint
from bridge.core.configuration.configuration import Configuration
from bridge.core.id_tag import IdTagInfo, ListEntry
from bridge.core.now import Now
from bridge.core.rows import Change
from bridge.core.setup import Memory, Provisioning
from bridge.core.zaptec import BEHAVIOURS, Mode
from bridge.store import Database

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def at(elapsed_s: float) -> Now:
    return Now(1000.0 + elapsed_s, BEGIN + timedelta(seconds=elapsed_s))


class Box:
    """What it decides is durable at once, as in the program."""

    def __init__(self, mode: Mode = "cloud") -> None:
        self.store = Database(":memory:")
        weakref.finalize(self, self.store.close)  # Python 3.13 warns of an open one
        self.configuration = Configuration(BEHAVIOURS[mode], {}, {}, authorization_required=True)
        memory = Memory(id_tags=self.store)
        identity = Provisioning(BEHAVIOURS[mode], "boot", "ws://x/", accept_before_registration=True)
        self.core = ChargePoint(identity, self.configuration, memory, at(0))
        self.authorization = self.core.connector.authorization

    def settle(self) -> tuple[Change, ...]:
        changes = self.core.drain().changes
        self.store.apply(changes)
        return changes

    def remember(self, id_tag: str, info: IdTagInfo, now: Now) -> bool:
        conflict = self.authorization.remember(id_tag, info, now)
        self.settle()
        return conflict

    def send(self, version: int, *entries: ListEntry, full: bool = False) -> str:
        update: UpdateType = "Full" if full else "Differential"
        answer = self.authorization.local_list.send(update, version, entries)
        self.settle()
        return answer


def listed(
    id_tag: str, status: str = "Accepted", parent: str | None = None, until: float | None = None
) -> ListEntry:
    expires_at = None if until is None else at(until).utc
    return ListEntry(id_tag, IdTagInfo(status, parent, expires_at))

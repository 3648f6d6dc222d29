"""OCPP 1.6 5.13, 5.1: the connector kept for one idTag or its group until a time."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Annotated

import msgspec

from bridge.core.decisions import Decisions
from bridge.core.id_tag import IdTagInfo, same_group, same_tag
from bridge.core.now import Now
from bridge.core.rows import Remembered
from bridge.core.setup import RESERVATION


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation from ReserveNow. `parent_id_tag` None: no group, or mode cloud, which ignores groups
    here."""

    reservation_id: int
    id_tag: str
    parent_id_tag: str | None
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)]

    def to_text(self) -> str:
        """Returns the reservation as it is stored."""
        return json.dumps({**asdict(self), "expires_at": self.expires_at.isoformat()})

    @classmethod
    def from_text(cls, text: str) -> Reservation:
        """Reads what `to_text` made. Raises msgspec.DecodeError for anything else."""
        stored = msgspec.json.decode(text, type=cls)
        return replace(stored, parent_id_tag=stored.parent_id_tag or None)


class Reservations:
    """Holds at most one reservation, as there is one connector. It ends at its holder's start, its expiry,
    its cancellation, and when the connector is Faulted or Unavailable; the owner reports each of these but
    the expiry.
    """

    def __init__(self, remembered: str | None, decisions: Decisions) -> None:
        self.decisions = decisions
        self.held = None if remembered is None else Reservation.from_text(remembered)

    def hold(self, reservation: Reservation) -> None:
        """Takes the place of the one before."""
        self.held = reservation
        self.decisions.changes.append(Remembered(RESERVATION, reservation.to_text()))

    def end(self) -> None:
        """Ends the reservation, if there is one."""
        if self.held is not None:
            self.held = None
            self.decisions.changes.append(Remembered(RESERVATION, None))

    def step(self, now: Now, *, free_charging: bool) -> None:
        """Ends it at its time; in free charging at once, as a Zaptec does: nobody is asked who they are."""
        if self.held is not None and (free_charging or now.utc >= self.held.expires_at):
            self.end()

    def cancel(self, reservation_id: int) -> bool:
        """OCPP 1.6 5.1. False: there is no such reservation."""
        found = self.is_held(reservation_id)
        if found:
            self.end()
        return found

    def is_held(self, reservation_id: int) -> bool:
        """Says whether it is this one."""
        return self.held is not None and self.held.reservation_id == reservation_id

    def admits(self, id_tag: str, parent_id_tag: str | None) -> bool:
        """Says whether somebody of that tag and group may use the connector."""
        held = self.held
        if held is None or same_tag(held.id_tag, id_tag):
            return True
        return same_group(held.parent_id_tag, parent_id_tag)

    def excludes(self, id_tag: str, known: IdTagInfo | None) -> bool:
        """Says whether certainly not. OCPP 1.6 5.13: Authorize decides on a group of unknown parent."""
        held = self.held
        parent = known.parent_id_tag if known is not None else None
        asks = held is not None and held.parent_id_tag is not None and parent is None
        return not asks and not self.admits(id_tag, parent)

    def used(self, id_tag: str, parent_id_tag: str | None) -> int | None:
        """Ends the reservation when it was theirs, at the start of a transaction, and returns its id."""
        if self.held is None or not self.admits(id_tag, parent_id_tag):
            return None
        reservation_id = self.held.reservation_id
        self.end()
        return reservation_id

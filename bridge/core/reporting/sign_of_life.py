"""The last durable sign of life of a running transaction: what is known of its end after a power cut."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from bridge.core.rows import INT32_MAX

EVERY_S = 300.0  # whatever the intervals of meter values say; it is never sent


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """At this time the transaction ran, and the register stood so."""

    at: datetime
    energy_wh: int

    def text(self, row_id: int) -> str:
        """Returns the text that is remembered."""
        return json.dumps([row_id, self.at.isoformat(), self.energy_wh])

    @classmethod
    def of(cls, text: str | None, row_id: int) -> SignOfLife | None:
        """Reads that of this row; None: there is none. Raises msgspec.DecodeError for another form."""
        if text is None:
            return None
        of_row, at, energy_wh = msgspec.json.decode(text, type=_Text)
        return cls(at, energy_wh) if of_row == row_id else None


_Text = tuple[
    int, Annotated[datetime, msgspec.Meta(tz=True)], Annotated[int, msgspec.Meta(ge=0, le=INT32_MAX)]
]

"""AuthorizationKey: which of two passwords counts while the new one has not yet opened a connection.

OCPP-J 1.6 6.2; the key AuthorizationKey is one store with `central_system.password`:

    written by the Central System ──▶ Unproven ──the new one opens a connection──▶ Proven
                                        │  ▲
                          refused (401) │  │ after `FALL_BACK_S`, or when the old one is refused as well
                                        ▼  │
                                    the old one

What the Central System wrote wins until `central_system.password` is changed in the file, or where we go and
as whom: no other Central System is shown it. Nothing here shows a secret: it is in no `repr`, and in no text
but the one that is remembered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from bridge.core.decisions import Decisions
from bridge.core.now import Now
from bridge.core.password import Password, decoded, verbatim
from bridge.core.rows import Remembered

AUTHORIZATION_KEY = "AuthorizationKey"
ALLOWED = "16 to 40 hex digits; with UseAuthorizationKeyWithoutDecoding the password itself"
REMEMBERED = "authorization_key"
FALL_BACK_S = 60.0  # with the old one after the new one was refused; doubled at each refusal up to
FALL_BACK_MAX_S = 3600.0  # so that a Central System that never takes the new one loses us seldom

IN_ITS_PLACE = "the AuthorizationKey that the Central System wrote counts, not central_system.password"


@dataclass(frozen=True, slots=True)
class _Kept:
    """The stored form of an AuthorizationKey that was written."""

    new: Password
    old: Password | None  # in force before; None: a Central System that asked for none
    proven: bool  # `new` has opened a connection: `old` counts no more
    basis: str  # what stood in the file at that time

    def as_text(self) -> str:
        old = self.old.secret.hex() if self.old is not None else None
        table = {"new": self.new.secret.hex(), "old": old, "proven": self.proven, "basis": self.basis}
        return json.dumps(table)


def kept(text: str) -> _Kept:
    """Reads what `as_text` made. Raises ValueError, TypeError or KeyError for anything else."""
    table = json.loads(text)
    old = Password(bytes.fromhex(table["old"])) if table["old"] is not None else None
    return _Kept(Password(bytes.fromhex(table["new"])), old, table["proven"], table["basis"])


class Passwords:
    """Chooses the password of the next connection."""

    def __init__(
        self, in_file: Password | None, place: str, remembered: Mapping[str, str], decisions: Decisions
    ) -> None:
        """Keeps passwords of one `place`: where we go and as whom."""
        self.decisions = decisions
        self._in_file = in_file
        self._basis = f"{in_file.secret.hex() if in_file is not None else ''} {place}"
        self._kept: _Kept | None = None
        self._falls_back_until_s: float | None = None
        self._falls_back_s = FALL_BACK_S
        if (text := remembered.get(REMEMBERED)) is not None:
            self._recall(kept(text))

    def _recall(self, kept: _Kept) -> None:
        if kept.basis == self._basis:
            self._kept = kept
            if kept.new != self._in_file:
                self.decisions.notes.append(f"{IN_ITS_PLACE}; to end that, change central_system.password")
            return
        self.decisions.changes.append(Remembered(REMEMBERED, None))
        self.decisions.notes.append(
            "central_system.password, its url or charge_point.id was changed since the Central System wrote "
            "an AuthorizationKey: the file's password counts"
        )

    def write(self, value: str, *, decodes: bool) -> Literal["Accepted", "Rejected"]:
        """Sets AuthorizationKey: hex of 8 to 20 bytes, or 16 to 40 characters as they are."""
        new = decoded(value) if decodes else verbatim(value)
        if new is None:
            return "Rejected"
        self._falls_back_until_s, self._falls_back_s = None, FALL_BACK_S
        if new == self._newest:
            return "Accepted"
        old = self._kept.old if self._kept is not None and not self._kept.proven else self._newest
        self._remember(_Kept(new, old, proven=False, basis=self._basis))
        self.decisions.notes.append(
            "the Central System wrote a new AuthorizationKey: from the next connection on it counts, "
            "not central_system.password"
        )
        return "Accepted"

    @property
    def _newest(self) -> Password | None:
        return self._kept.new if self._kept is not None else self._in_file

    @property
    def source(self) -> Literal["default", "file", "stored"]:
        """Says whether the Central System wrote the newest one, the file has it, or there is none."""
        if self._kept is not None:
            return "stored"
        return "file" if self._in_file is not None else "default"

    def in_force(self, now: Now) -> Password | None:
        """Returns the password for a connection made now; None: without authentication."""
        kept = self._kept
        back = self._falls_back_until_s is not None and now.s < self._falls_back_until_s
        return kept.old if kept is not None and back else self._newest

    def opened(self, used: Password | None) -> None:
        """Notes that a connection was made with that."""
        kept = self._kept
        if kept is not None and not kept.proven and used == kept.new:
            self._remember(replace(kept, old=None, proven=True))
            self._falls_back_until_s = None
            self.decisions.notes.append(
                "the Central System accepts the new AuthorizationKey: the old one is deleted"
            )

    def refused(self, used: Password | None, now: Now) -> None:
        """Follows a 401 for that. A password accepted once stays: the owner has to ask the Central System."""
        kept = self._kept
        if kept is None or kept.proven or used != self.in_force(now):
            return
        if used == kept.new:
            self._falls_back_until_s = now.s + self._falls_back_s
            self.decisions.notes.append(
                f"the Central System refused its new AuthorizationKey: back to the old password for "
                f"{self._falls_back_s:.0f} s, then the new one again"
            )
            self._falls_back_s = min(2 * self._falls_back_s, FALL_BACK_MAX_S)
        else:
            self._falls_back_until_s = None
            self.decisions.notes.append(
                "the Central System refused the old password too: back to the new AuthorizationKey"
            )

    def _remember(self, kept: _Kept) -> None:
        self._kept = kept
        self.decisions.changes.append(Remembered(REMEMBERED, kept.as_text()))

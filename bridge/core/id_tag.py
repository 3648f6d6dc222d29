"""OCPP 1.6 7.27, 7.28: an idTag and its IdTagInfo; the questions to local list and cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from bridge.core.now import moment_of

LONGEST = 20  # OCPP 1.6 7.28: an IdToken is a CiString20Type
Source = Literal["card", "remote", "free", "page"]  # how somebody asked to charge; page: the owner


@dataclass(frozen=True, slots=True)
class IdTagInfo:
    """What a Central System, the local list or the cache says of an idTag."""

    status: str  # Accepted, Blocked, Expired, Invalid, ConcurrentTx
    parent_id_tag: str | None = None
    expires_at: datetime | None = None  # None: never

    @property
    def accepted(self) -> bool:
        """Says whether the status is Accepted; anything else refuses."""
        return self.status == "Accepted"

    def at(self, moment: datetime) -> IdTagInfo:
        """OCPP 1.6 3.5.1: Accepted turns Expired with its date. For what was kept, not for an answer."""
        over = self.accepted and self.expires_at is not None and moment >= self.expires_at
        return replace(self, status="Expired") if over else self


_MAY_BE_EMPTY = ("parentIdTag", "expiryDate")


def without_empty(wire: Mapping[str, Any]) -> dict[str, Any]:
    """Drops a parentIdTag or expiryDate that is empty or null: it says nothing. Of `idTagInfo`
    too."""
    kept = _filled(wire)
    return {**kept, "idTagInfo": _filled(info)} if isinstance(info := kept.get("idTagInfo"), dict) else kept


def _filled(wire: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in wire.items() if name not in _MAY_BE_EMPTY or each not in ("", None)}


def id_tag_info(wire: Mapping[str, Any]) -> IdTagInfo:
    """Reads a checked message. A date that cannot be read is left out: no reason to refuse an answer."""
    expires = wire.get("expiryDate")
    at = None if expires is None else moment_of(expires)
    return IdTagInfo(wire["status"], wire.get("parentIdTag"), at)


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One entry of a SendLocalList. Without `info`: to be deleted."""

    id_tag: str
    info: IdTagInfo | None


class IdTags(Protocol):
    """The questions to the store about one idTag. Small and capital letters are the same."""

    def listed(self, id_tag: str) -> IdTagInfo | None:
        """Returns its entry in the local authorization list, as it was sent."""

    def cached(self, id_tag: str) -> IdTagInfo | None:
        """Returns its entry in the authorization cache, as it was sent last."""

    def list_version(self) -> int:
        """Returns the version of the list; 0: it is empty."""

    def list_size(self) -> int:
        """Counts the entries of the local list."""


class NoIdTags:
    """A store without any idTag."""

    def listed(self, id_tag: str) -> IdTagInfo | None:
        """Returns None: nothing is listed."""

    def cached(self, id_tag: str) -> IdTagInfo | None:
        """Returns None: nothing is cached."""

    def list_version(self) -> int:
        """Returns the version of an empty list."""
        return 0

    def list_size(self) -> int:
        """Returns the size of an empty list."""
        return 0


def fault_of_tag(id_tag: str) -> str:
    """Says why this text is no idTag that somebody may type; empty: it is one. OCPP-J is printable ASCII."""
    if 1 <= len(id_tag) <= LONGEST and id_tag.isascii() and id_tag.isprintable():
        return ""
    return f"an idTag has 1 to {LONGEST} printable characters of ASCII, this one {len(id_tag)} characters"


def same_tag(one: str, other: str) -> bool:
    """Says whether two are one tag: OCPP 1.6 IdToken is a CiString."""
    return one.casefold() == other.casefold()


def same_group(one: str | None, other: str | None) -> bool:
    """Says whether both parents are known and equal."""
    return one is not None and other is not None and same_tag(one, other)

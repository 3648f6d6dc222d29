"""OCPP 1.6 3.5.2, 5.10, 5.15: the local authorization list, sent as a whole or in parts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from bridge.core.configuration.configuration import Configuration
from bridge.core.decisions import Decisions
from bridge.core.id_tag import IdTagInfo, IdTags, ListEntry
from bridge.core.rows import LocalListSent

UpdateType = Literal["Full", "Differential"]
UpdateAnswer = Literal["Accepted", "Failed", "NotSupported", "VersionMismatch", "TooLong"]
NOT_IN_USE = -1  # OCPP 1.6 6.28: local lists are not supported


class LocalList:
    """Reads the store; its changes are decisions, which the store then carries out."""

    def __init__(self, configuration: Configuration, id_tags: IdTags, decisions: Decisions) -> None:
        self._decisions = decisions
        self._configuration = configuration
        self._id_tags = id_tags

    @property
    def in_use(self) -> bool:
        """Says whether LocalAuthListEnabled is on."""
        return self._configuration.is_on("LocalAuthListEnabled")

    @property
    def version(self) -> int:
        """Returns the version of the list; 0: empty; -1: not in use."""
        return self._id_tags.list_version() if self.in_use else NOT_IN_USE

    def has(self, id_tag: str) -> bool:
        """Says whether the list has that tag, in use or not."""
        return self._id_tags.listed(id_tag) is not None

    def entry(self, id_tag: str, moment: datetime) -> IdTagInfo | None:
        """Returns the entry as it stands at that moment; None while the list is not in use."""
        found = self._id_tags.listed(id_tag) if self.in_use else None
        return None if found is None else found.at(moment)

    def send(self, update: UpdateType, version: int, entries: Sequence[ListEntry]) -> UpdateAnswer:
        """Carries out the whole message or nothing; of two entries for one idTag the later counts.

        TooLong: more entries than SendLocalListMaxLength, or LocalAuthListMaxLength after applying.
        """
        if not self.in_use:
            return "NotSupported"
        if update == "Full" and version == 0 and entries:
            return "Failed"  # 5.10: version 0 is the empty list's
        if update == "Differential" and version <= self.version:
            return "VersionMismatch"
        last = {entry.id_tag.casefold(): entry for entry in entries}
        if len(entries) > self._most("SendLocalListMaxLength"):
            return "TooLong"
        if self._size_after(update, last.values()) > self._most("LocalAuthListMaxLength"):
            return "TooLong"
        self._decisions.changes.append(
            LocalListSent(version, tuple(last.values()), replaces=update == "Full")
        )
        return "Accepted"

    def _most(self, key: str) -> int:
        return self._configuration.whole(key)

    def _size_after(self, update: UpdateType, entries: Collection[ListEntry]) -> int:
        if update == "Full":
            return len(entries)
        return self._id_tags.list_size() + sum(
            (entry.info is not None) - self.has(entry.id_tag) for entry in entries
        )

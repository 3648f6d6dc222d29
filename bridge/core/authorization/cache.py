"""OCPP 1.6 3.5.1: what the Central System last said of the idTags that are not in the local list."""

from __future__ import annotations

from datetime import datetime

from bridge.core.configuration.configuration import Configuration
from bridge.core.decisions import Decisions
from bridge.core.id_tag import IdTagInfo, IdTags
from bridge.core.rows import CacheCleared, TagCached


class AuthorizationCache:
    """Reads the store; its changes are decisions, which the store then carries out."""

    def __init__(self, configuration: Configuration, id_tags: IdTags, decisions: Decisions) -> None:
        self._decisions = decisions
        self._configuration = configuration
        self._id_tags = id_tags

    @property
    def in_use(self) -> bool:
        """Says whether AuthorizationCacheEnabled is on."""
        return self._configuration.is_on("AuthorizationCacheEnabled")

    def entry(self, id_tag: str, moment: datetime) -> IdTagInfo | None:
        """Returns the entry as it stands at that moment; None while the cache is not in use."""
        found = self._id_tags.cached(id_tag) if self.in_use else None
        return None if found is None else found.at(moment)

    def remember(self, id_tag: str, info: IdTagInfo, moment: datetime) -> None:
        """Stores what an answer says of a tag that is not in the list. Out of use, what it outdates is
        forgotten and nothing is learned."""
        if self.in_use:
            self._decisions.changes.append(TagCached(id_tag, info, moment))
        elif self._id_tags.cached(id_tag) is not None:
            self._decisions.changes.append(TagCached(id_tag, None, moment))

    def clear(self) -> bool:
        """OCPP 1.6 5.4. False: not in use, nothing is cleared."""
        if self.in_use:
            self._decisions.changes.append(CacheCleared())
        return self.in_use

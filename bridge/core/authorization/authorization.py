"""OCPP 1.6 3.5, 4.1: who may charge, as far as it is known here."""

from __future__ import annotations

from bridge.core.authorization.cache import AuthorizationCache
from bridge.core.authorization.local_list import LocalList
from bridge.core.configuration.configuration import Configuration
from bridge.core.decisions import Decisions
from bridge.core.id_tag import IdTagInfo, IdTags, Source
from bridge.core.now import Now

INVALID = IdTagInfo("Invalid")
UNKNOWN_BUT_ALLOWED = IdTagInfo("Accepted")


class Authorization:
    """Decides about an idTag from the local list and the cache."""

    def __init__(self, configuration: Configuration, id_tags: IdTags, decisions: Decisions) -> None:
        self.local_list = LocalList(configuration, id_tags, decisions)
        self.cache = AuthorizationCache(configuration, id_tags, decisions)
        self._configuration = configuration

    def known(self, id_tag: str, now: Now) -> IdTagInfo | None:
        """OCPP 1.6 3.5.3: the list goes before the cache, also where it refuses."""
        return self.local_list.entry(id_tag, now.utc) or self.cache.entry(id_tag, now.utc)

    def at_once(self, id_tag: str, now: Now) -> IdTagInfo | None:
        """OCPP 1.6 9.1, LocalPreAuthorize: who is accepted here need not be asked about, even online."""
        known = self.known(id_tag, now) if self._configuration.is_on("LocalPreAuthorize") else None
        return known if known is not None and known.accepted else None

    def offline(self, id_tag: str, source: Source, now: Now) -> IdTagInfo:
        """Decides without the Central System (OCPP 1.6 3.5.4, 9.1 LocalAuthorizeOffline).

        AllowOfflineTxForUnknownId is for cards: an unknown tag of a remote start is refused.
        """
        if not self._configuration.is_on("LocalAuthorizeOffline"):
            return INVALID
        known = self.known(id_tag, now)
        if known is not None:
            return known
        allowed = source != "remote" and self._configuration.is_on("AllowOfflineTxForUnknownId")
        return UNKNOWN_BUT_ALLOWED if allowed else INVALID

    def remember(self, id_tag: str, info: IdTagInfo, now: Now) -> bool:
        """OCPP 1.6 4.1, 4.8, 4.10: an answer of the Central System, in time or late, updates the cache.

        A tag of the list never enters the cache. True: the list says otherwise (7.6 LocalListConflict);
        ConcurrentTx says nothing of the tag itself.
        """
        if not self.local_list.has(id_tag):
            self.cache.remember(id_tag, info, now.utc)
            return False
        listed = self.local_list.entry(id_tag, now.utc)
        return listed is not None and info.status != "ConcurrentTx" and listed.accepted != info.accepted

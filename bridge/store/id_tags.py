"""The local authorization list and the authorization cache in their tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never

from bridge.core.id_tag import IdTagInfo
from bridge.core.rows import CacheCleared, LocalListSent, TagCached
from bridge.store.columns import moment_text

MOST_CACHED = 128  # entries, as many as a Zaptec Go keeps

_INFO = "status, parent_id_tag, expires_at"
LISTED = f"SELECT {_INFO} FROM local_list WHERE tag = ?"
CACHED = f"SELECT {_INFO} FROM authorization_cache WHERE tag = ?"
LIST_SIZE = "SELECT count(*) FROM local_list"
# OCPP 1.6 5.10: version 0 says that the list is empty.
LIST_VERSION = """
    SELECT CASE WHEN EXISTS (SELECT 1 FROM local_list) THEN version ELSE 0 END FROM local_list_version"""
# OCPP 1.6 3.5.1: what no longer accepts goes first, then the oldest.
_MAKE_ROOM = """
    DELETE FROM authorization_cache WHERE told IN (
        SELECT told FROM authorization_cache
        ORDER BY status = 'Accepted' AND coalesce(expires_at > ?, 1), told
        LIMIT max(0, (SELECT count(*) FROM authorization_cache) - ?))"""


def tag_key(id_tag: str) -> str:
    """Returns what two spellings of a tag share: OCPP 1.6 IdToken is a CiString."""
    return id_tag.casefold()


def info_of(values: Sequence[Any]) -> IdTagInfo:
    """Reads status, parent_id_tag, expires_at. Empty texts, of an older bridge, are none."""
    status, parent_id_tag, expires = values
    return IdTagInfo(status, parent_id_tag or None, datetime.fromisoformat(expires) if expires else None)


def make(connection: sqlite3.Connection, change: LocalListSent | TagCached | CacheCleared) -> None:
    """Carries out a change within the transaction of its batch."""
    match change:
        case LocalListSent():
            _send_list(connection, change)
        case TagCached():
            _cache(connection, change)
        case CacheCleared():
            connection.execute("DELETE FROM authorization_cache")
        case _:
            assert_never(change)


def _send_list(connection: sqlite3.Connection, sent: LocalListSent) -> None:
    """Stores the whole message; what is listed now is no longer cached."""
    if sent.replaces:
        connection.execute("DELETE FROM local_list")
    for entry in sent.entries:
        key = tag_key(entry.id_tag)
        if entry.info is None:
            connection.execute("DELETE FROM local_list WHERE tag = ?", (key,))
        else:
            connection.execute(
                f"INSERT OR REPLACE INTO local_list (tag, {_INFO}) VALUES (?, ?, ?, ?)",
                (key, *_values(entry.info)),
            )
    connection.execute("DELETE FROM authorization_cache WHERE tag IN (SELECT tag FROM local_list)")
    connection.execute("UPDATE local_list_version SET version = ?", (sent.version,))


def _cache(connection: sqlite3.Connection, change: TagCached) -> None:
    """Stores it as the newest entry; another leaves when there are too many."""
    key = tag_key(change.id_tag)
    _forget(connection, key)
    if change.info is None:
        return
    connection.execute(_MAKE_ROOM, (moment_text(change.at), MOST_CACHED - 1))
    connection.execute(
        f"INSERT INTO authorization_cache (tag, {_INFO}) VALUES (?, ?, ?, ?)", (key, *_values(change.info))
    )


def _forget(connection: sqlite3.Connection, key: str) -> None:
    connection.execute("DELETE FROM authorization_cache WHERE tag = ?", (key,))


def _values(info: IdTagInfo) -> tuple[object, ...]:
    expires_at = None if info.expires_at is None else moment_text(info.expires_at)
    return info.status, info.parent_id_tag, expires_at

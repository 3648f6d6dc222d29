"""OCPP 1.6 3.5: which of the sources decides, all combinations beside a table in words."""

from __future__ import annotations

from itertools import product

import pytest

from bridge.core.id_tag import IdTagInfo, Source, id_tag_info
from tests.bridge.core.authorization.id_tags import Box, at, listed

STATUSES = (None, "Accepted", "Blocked")
SWITCHES = ("true", "false")


def box(in_list: str | None, in_cache: str | None, **keys: str) -> Box:
    made = Box()
    if in_cache is not None:
        made.remember("TAG", IdTagInfo(in_cache), at(0))
    if in_list is not None:
        made.send(1, listed("tag", in_list))
    for name, value in keys.items():
        made.configuration.change(name, value)
    made.settle()
    return made


@pytest.mark.parametrize(("in_list", "in_cache"), list(product(STATUSES, STATUSES)))
@pytest.mark.parametrize(("list_on", "cache_on"), list(product(SWITCHES, SWITCHES)))
def test_the_list_goes_before_the_cache(
    in_list: str | None, in_cache: str | None, list_on: str, cache_on: str
) -> None:
    made = box(in_list, in_cache, LocalAuthListEnabled=list_on, AuthorizationCacheEnabled=cache_on)
    from_list = in_list if list_on == "true" else None
    # A tag that was listed left the cache, whether or not the list is in use.
    from_cache = in_cache if cache_on == "true" and in_list is None else None
    known = made.authorization.known("Tag", at(1))
    assert (known.status if known is not None else None) == (from_list or from_cache)


@pytest.mark.parametrize(
    ("in_list", "local", "allowed", "source", "status"),
    [
        ("Accepted", "true", "false", "card", "Accepted"),
        ("Accepted", "true", "false", "remote", "Accepted"),
        ("Blocked", "true", "true", "card", "Blocked"),
        ("Accepted", "false", "true", "card", "Invalid"),
        (None, "true", "true", "card", "Accepted"),
        (None, "true", "true", "remote", "Invalid"),
        (None, "true", "false", "card", "Invalid"),
        (None, "false", "true", "card", "Invalid"),
    ],
)
def test_offline(in_list: str | None, local: str, allowed: str, source: Source, status: str) -> None:
    made = box(in_list, None, LocalAuthorizeOffline=local, AllowOfflineTxForUnknownId=allowed)
    assert made.authorization.offline("TAG", source, at(1)).status == status


@pytest.mark.parametrize(
    ("in_list", "pre", "spared"),
    [
        ("Accepted", "true", True),
        ("Blocked", "true", False),
        (None, "true", False),
        ("Accepted", "false", False),
    ],
)
def test_authorize_is_spared_only_for_whom_is_accepted(in_list: str | None, pre: str, spared: bool) -> None:
    made = box(in_list, None, LocalPreAuthorize=pre)
    assert (made.authorization.at_once("TAG", at(1)) is not None) == spared


def test_an_entry_is_expired_from_its_date_on() -> None:
    made = Box()
    made.send(1, listed("TAG", until=60.0))
    statuses = [made.authorization.offline("TAG", "card", at(s)).status for s in (59.9, 60.0)]
    assert statuses == ["Accepted", "Expired"]


@pytest.mark.parametrize(
    ("in_list", "said", "conflict"),
    [
        ("Accepted", "Accepted", False),
        ("Accepted", "Blocked", True),
        ("Accepted", "Expired", True),
        ("Accepted", "ConcurrentTx", False),
        ("Blocked", "Invalid", False),
        ("Blocked", "Accepted", True),
        (None, "Invalid", False),
    ],
)
def test_conflicts_with_the_list(in_list: str | None, said: str, conflict: bool) -> None:
    made = box(in_list, None)
    assert made.remember("TAG", IdTagInfo(said), at(1)) == conflict
    assert (made.store.cached("TAG") is not None) == (in_list is None)


def test_no_conflict_with_a_list_that_is_not_in_use() -> None:
    made = box("Accepted", None, LocalAuthListEnabled="false")
    assert not made.remember("TAG", IdTagInfo("Blocked"), at(1))
    assert made.store.cached("TAG") is None


@pytest.mark.parametrize(
    ("date", "expires_s"),
    [
        ("2026-01-01T00:01:00Z", 60.0),
        ("2026-01-01T01:01:00.5+01:00", 60.5),
        ("2026-01-01T00:01:00", 60.0),
        ("0001-01-01T00:00:00+14:00", None),
        ("never", None),
        ("", None),
    ],
)
def test_a_date_that_cannot_be_read_is_none(date: str, expires_s: float | None) -> None:
    info = id_tag_info({"status": "Accepted", "expiryDate": date})
    assert info == IdTagInfo("Accepted", None, None if expires_s is None else at(expires_s).utc)

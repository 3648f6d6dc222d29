"""OCPP 1.6 3.5.1: 128 entries; what is of no use leaves first, then the oldest."""

from __future__ import annotations

from bridge.core.id_tag import IdTagInfo
from tests.bridge.core.authorization.id_tags import Box, at

ACCEPTED = IdTagInfo("Accepted")


def cached(box: Box, *numbers: int) -> list[bool]:
    return [box.store.cached(f"{number}") is not None for number in numbers]


def test_the_129th_drives_out_the_oldest() -> None:
    box = Box()
    for number in range(128):
        box.remember(f"{number}", ACCEPTED, at(number))
    box.remember("0", ACCEPTED, at(128))  # said again: now the newest
    assert cached(box, 0, 1, 127) == [True, True, True]
    box.remember("128", ACCEPTED, at(129))
    assert cached(box, 0, 1, 2, 128) == [True, False, True, True]


def test_what_does_not_accept_any_more_leaves_first() -> None:
    box = Box()
    for number in range(126):
        box.remember(f"{number}", ACCEPTED, at(0))
    box.remember("126", IdTagInfo("Accepted", expires_at=at(10).utc), at(1))
    box.remember("127", IdTagInfo("Blocked"), at(1))
    box.remember("200", ACCEPTED, at(9))  # 126 still accepts
    assert cached(box, 0, 126, 127, 200) == [True, True, False, True]
    box.remember("201", ACCEPTED, at(10))
    assert cached(box, 0, 126, 201) == [True, False, True]
    box.remember("202", ACCEPTED, at(11))
    assert cached(box, 0, 1, 202) == [False, True, True]


def test_clear() -> None:
    box = Box()
    box.remember("1", ACCEPTED, at(0))
    assert box.authorization.cache.clear()
    box.settle()
    assert cached(box, 1) == [False]


def test_out_of_use_it_keeps_what_it_has_but_not_what_is_outdated() -> None:
    box = Box()
    for number in (1, 2):
        box.remember(f"{number}", ACCEPTED, at(0))
    box.configuration.change("AuthorizationCacheEnabled", "false")
    assert not box.authorization.cache.clear()
    box.remember("2", IdTagInfo("Blocked"), at(1))
    box.remember("3", ACCEPTED, at(1))
    assert cached(box, 1, 2, 3) == [True, False, False]
    assert box.authorization.known("1", at(2)) is None
    box.configuration.change("AuthorizationCacheEnabled", "true")
    assert box.authorization.known("1", at(2)) == ACCEPTED

"""What an older bridge stored: an empty parentIdTag is no group, whoever stored it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bridge.core.id_tag import IdTagInfo, ListEntry
from bridge.core.rows import LocalListSent, TagCached
from tests.scenarios.filling_disk import Disk
from tests.scenarios.parsing import parse
from tests.scenarios.player import play
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Mode

TAGS = ("04AABBCC", "04DDEEFF")
NO_GROUP = IdTagInfo("Accepted", "")  # as the Central System once sent it
STORY = """# older.scenario   Offline, two cards without a group: the second stops nothing
  key MeterValueSampleInterval = 0
  link lost
  car plugs in, ready
  wait 2 s
  card 04AABBCC
  wait 15 s
  expect contactor closed
  card 04DDEEFF
  expect lamp refused
  wait 10 s
  bridge restarts
  wait 10 s
  card 04DDEEFF
  expect lamp refused
  wait 10 s
  expect contactor closed
  expect status Charging
"""


@pytest.mark.parametrize("mode", ["cloud", "native"])
@pytest.mark.parametrize("source", ["cache", "list"])
def test_an_empty_parent_of_an_older_store_is_no_group(mode: Mode, source: str) -> None:
    disk = Disk()
    if source == "cache":
        disk.apply([TagCached(tag, NO_GROUP, datetime(2026, 1, 1, tzinfo=UTC)) for tag in TAGS])
    else:
        entries = tuple(ListEntry(tag, NO_GROUP) for tag in TAGS)
        disk.apply([LocalListSent(1, entries, replaces=True)])
    story = parse("older.scenario", STORY)
    world = PureWorld(story, mode, disk)
    try:
        play(story, world)
    finally:
        world.close()

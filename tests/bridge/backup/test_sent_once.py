"""Whatever a box had stored: moved, all of it is sent once; restored otherwise, nothing is sent unasked."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.backup.restored_store import Ready, ready
from bridge.local.orders import OfferAgain, Ordered
from bridge.store import Database
from tests.bridge.backup.boxes import Box
from tests.bridge.shell import Shell
from tests.campaigns import many
from tests.memory import MEMORY
from tests.scenarios.chaos import Chaos, Event
from tests.scenarios.script import Mode
from tests.scenarios.test_invariants import CHARGING, EVENT, KEYS

HELD = "restored from a backup"


def restored(image: bytes, uncertain: str) -> Ready:
    with tempfile.TemporaryDirectory(prefix="evse-", dir=MEMORY) as folder:
        return ready(image, Path(folder), uncertain)


class MovedBox(Chaos):
    """A box whose store moves to another card between two lives of the bridge."""

    def move(self, image: bytes | None = None) -> None:
        """As `backup --move` and `restore` do it: the programs end, another box starts with the store.
        `image`: with an earlier one."""
        self.happen(Event("do", "bridge is told to end"))
        for verb in ("disk free", "disk fast"):
            self.happen(Event("do", verb))
        self.let_pass(15.0)
        image = image or self.world.database.image()
        self.world.database.become_image(restored(image, "").database)
        self.happen(Event("do", "bridge starts"))

    def judge_pairs(self) -> None:
        """Each session that is no dead letter has its start and its stop at the Central System."""
        for row in self.world.database.rows(1000):
            if row.given_up is None:
                assert row.transaction_id in self._started
                assert row.stopped_at is None or row.transaction_id in self._stops


CHARGES = [Event("wait", for_s=5.0), *CHARGING]  # once the Central System has accepted the box
LIVES = st.lists(st.lists(EVENT, max_size=8), min_size=2, max_size=4)


@pytest.mark.part
@pytest.mark.campaign
@pytest.mark.parametrize("mode", ["cloud", "native"])
@settings(max_examples=many(3, 8), deadline=None)
@given(charging=st.booleans(), lives=LIVES, keys=KEYS)
def test_a_moved_box_bills_each_session_once(
    mode: Mode, charging: bool, lives: list[list[Event]], keys: dict[str, str]
) -> None:
    """All that `test_invariants` demands of a box that stays where it is."""
    box = MovedBox(mode, keys)
    try:
        for number, life in enumerate(lives):
            if number > 0:
                box.move()
            for event in [*(CHARGES if charging else []), *life]:
                box.happen(event)
        box.calm_down()
        box.judge_pairs()
    finally:
        box.close()


SESSION = [*CHARGES, Event("do", "car unplugs at its side"), Event("do", "cable is taken out")]


@pytest.mark.parametrize("is_moved", [True, False])
def test_a_backup_that_was_no_move_and_is_sent_as_one_would_be_seen(is_moved: bool) -> None:
    """The box goes on after it; with the earlier store a session is missing that was billed."""
    box = MovedBox("cloud", {"AllowOfflineTxForUnknownId": "true"})
    try:
        for event in SESSION:
            box.happen(event)
        assert len(box.world.database.rows(10)) == 1
        early = box.world.database.image()
        for event in SESSION:
            box.happen(event)
        box.let_pass(30.0)
        box.move(None if is_moved else early)
        if is_moved:
            box.calm_down()
            box.judge_pairs()
        else:
            with pytest.raises(AssertionError):
                box.calm_down()
    finally:
        box.close()


@settings(max_examples=10, deadline=None)
@given(batches=st.integers(0, 70))
def test_what_may_have_been_sent_since_the_backup_is_sent_only_when_asked(batches: int) -> None:
    """Then once: each session of the backup has one start and one stop in the end."""
    with tempfile.TemporaryDirectory(prefix="evse-", dir=MEMORY) as folder:
        old = Box(Path(folder))
        old.live(batches)
        with closing(Database(old.places.database)) as store:
            waiting = {each.row.row_id: each for each in store.sessions(0, 1000) if not each.delivered}
        made = restored(old.places.database.read_bytes(), HELD)
        (new := Path(folder) / "new").write_bytes(made.database)
        with closing(Database(new)) as store:
            assert store.head() is None
            assert store.given_up_for_now() == ()
            assert {row.row_id for row in store.dead_letters()} == waiting.keys()
            assert sent_by(store, ()) == Counter()
            sent = sent_by(store, tuple(waiting))
            begun = sum(each.row.transaction_id is None for each in waiting.values())
            assert sent["StartTransaction"] == begun
            assert sent["StopTransaction"] == len(waiting)
            assert all(each.delivered for each in store.sessions(0, 1000))
            assert set(made.uncertain) <= waiting.keys()


def sent_by(store: Database, asked_for: tuple[int, ...]) -> Counter[str]:
    """What a bridge with this store sends of transactions, when its owner asks for these sessions."""
    shell = Shell(store)
    shell.answers_at_once = True
    shell.connect()
    shell.let_pass(30.0)
    for row_id in asked_for:
        shell.feed(Ordered(row_id, OfferAgain(row_id)))
        shell.let_pass(5.0)
    shell.let_pass(60.0)
    return Counter(action for action in shell.actions() if action.endswith("Transaction"))


def test_the_store_of_a_move_is_the_same(tmp_path: Path) -> None:
    """But for the space that nobody uses."""
    old = Box(tmp_path)
    old.live(40)
    (new := tmp_path / "new").write_bytes(restored(old.places.database.read_bytes(), "").database)
    dumps = [list(dump(path)) for path in (old.places.database, new)]
    assert dumps[0] == dumps[1]


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())

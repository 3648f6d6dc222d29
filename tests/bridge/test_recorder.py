"""What waits for a disk that is slow, hangs, or refuses, and what does not."""

from __future__ import annotations

from bridge.central_system.effects import Effects
from bridge.core.rows import Change, Remembered, TransactionStarted
from bridge.recorder import HUNG_S, Recorder
from tests.bridge.store.model import a_row

START = Effects((TransactionStarted(a_row(1)),), notes=("start",))
KEY = Effects((Remembered("a", "b"),), notes=("key",))
TALK = Effects(notes=("talk",))


class Bench:
    """A recorder and a disk that answers when it is told to."""

    def __init__(self, *effects: Effects) -> None:
        self.recorder = Recorder()
        self.said: list[str] = []
        self.batches: list[tuple[Change, ...]] = []
        self.now_s = 0.0
        self.feed(*effects)

    def feed(self, *effects: Effects) -> None:
        for each in effects:
            self.recorder.feed(each)
        self.drain()

    def drain(self) -> None:
        said, changes = self.recorder.drain(self.now_s)
        self._say(said)
        self.recorder.report()
        if changes:
            self.batches.append(changes)

    def stored(self) -> None:
        self._say(self.recorder.stored())
        self.drain()

    def late(self) -> None:
        self.recorder.late()
        self.drain()

    def refused(self, why: str = "full") -> None:
        self.recorder.refused(why, self.now_s)
        self.drain()

    def wait(self, for_s: float) -> None:
        self.now_s += for_s
        self.drain()

    @property
    def record(self) -> tuple[bool, bool, bool]:
        recorder = self.recorder
        return recorder.recorded, recorder.settled, recorder.start_unrecorded

    def _say(self, effects: list[Effects]) -> None:
        self.said += [note for each in effects for note in each.notes]


def test_what_waits_for_a_disk_that_is_well_keeps_its_order_and_is_written_together() -> None:
    b = Bench(TALK, START, TALK, KEY)
    assert (b.said, b.batches) == (["talk"], [START.changes + KEY.changes])
    assert b.record == (True, False, True)
    b.feed(TALK)
    assert b.said == ["talk"]
    b.stored()
    assert b.said == ["talk", "start", "talk", "key", "talk"]
    assert b.record == (True, True, False)


def test_a_slow_disk_holds_up_what_it_has_to_store_and_nothing_else() -> None:
    b = Bench(START, TALK)
    b.late()
    assert (b.said, b.record) == (["talk"], (True, False, True))
    b.feed(KEY, TALK)
    assert (b.said, len(b.batches)) == (["talk", "talk"], 1)
    b.stored()
    assert (b.said[2:], b.batches[1:], b.record) == (["start"], [KEY.changes], (True, False, False))
    b.stored()
    assert (b.said[3:], b.record) == (["key"], (True, True, False))


def test_a_disk_that_hangs_counts_as_one_that_refuses() -> None:
    b = Bench(START)
    b.late()
    b.wait(HUNG_S)
    assert b.record == (True, False, True)
    b.wait(0.5)
    assert b.record == (False, False, True)
    b.feed(TALK)
    assert (b.said, len(b.batches)) == (["talk"], 1)
    b.stored()
    assert (b.said, b.record) == (["talk", "start"], (True, True, False))
    assert b.recorder.notes == [
        "the disk has not answered for 10 s, no new session starts",
        "the disk can be written again",
    ]


def test_a_disk_that_refuses_is_tried_again_and_told_of_once() -> None:
    b = Bench(START, KEY)
    for _ in range(3):
        b.refused()
        assert b.record == (False, False, True)
        b.wait(0.5)
        b.feed(TALK)
        b.wait(0.6)
    assert b.batches == [START.changes + KEY.changes, *3 * [START.changes]]  # then the first alone
    b.stored()
    assert b.batches[-1] == KEY.changes
    b.stored()
    assert (b.said, b.record) == (["talk", "talk", "talk", "start", "key"], (True, True, False))
    assert b.recorder.notes == [
        "the disk cannot be written, no new session starts: full",
        "the disk can be written again",
    ]


def test_a_disk_may_refuse_late() -> None:
    b = Bench(START)
    b.late()
    b.refused()
    b.wait(1.1)
    assert b.batches == [START.changes, START.changes]


def test_what_is_for_a_connection_that_is_gone_is_not_said() -> None:
    framed = Effects((Remembered("a", "b"),), frames=("[3]",))
    b = Bench(framed)
    b.recorder.link_closed()
    assert b.recorder.stored() == [Effects(framed.changes)]

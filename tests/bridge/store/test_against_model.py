"""Random legal changes in random batches: the store answers as plain lists do, also after it is reopened."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.core.id_tag import IdTagInfo, ListEntry
from bridge.core.now import is_dated
from bridge.core.rows import (
    Attempted,
    CacheCleared,
    Change,
    Dated,
    Delivered,
    DimmingNoted,
    DimmingRow,
    Frozen,
    GivenUp,
    LocalListSent,
    MessageRef,
    OfferedAgain,
    Payload,
    ProfileInstalled,
    ProfilesRemoved,
    Remembered,
    Sample,
    SampleTaken,
    StartConfirmed,
    Swallowed,
    TagCached,
    TransactionStarted,
    TransactionStopped,
)
from bridge.store import Database, StoreError
from tests.bridge.core.limits.charging_model import charging_profiles
from tests.bridge.store.model import BOOT, Model, a_row, a_sample, a_stop
from tests.campaigns import many
from tests.memory import MEMORY

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
maybe_text = st.none() | text
parents = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)  # read so
number = st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0)  # no -0.0
phases = st.tuples(number, number, number)
moments = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  # hypothesis wants naive bounds
    max_value=datetime(2099, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
)
since_boots = st.floats(0, 1e7).map(lambda s: BOOT + timedelta(seconds=s))
wh = st.integers(0, 2**60)
samples = st.builds(
    Sample,
    at=moments | since_boots,
    context=text | st.sampled_from(["Transaction.Begin", "Sample.Periodic"]),
    energy_wh=wh,
    power_w=number,
    current_a=phases,
    voltage_v=phases,
    offered_a=number,
    measurands=text,
    stop_measurands=text,
    interval_wh=st.none() | wh,
    contacts_c=st.none() | number,
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | number | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
payloads: st.SearchStrategy[Payload] = st.dictionaries(st.text(max_size=5), json_values, max_size=4)
int32 = st.integers(-(2**31), 2**31 - 1)
TAGS = ("04AABBCC", "04aabbcc", "STRASSE", "straße", "04DDEEFF", "")
tags = st.sampled_from(TAGS)
infos = st.builds(IdTagInfo, st.sampled_from(["Accepted", "Blocked"]), parents, st.none() | moments)
sent_lists = st.lists(
    st.builds(ListEntry, tags, st.none() | infos), max_size=3, unique_by=lambda e: e.id_tag.casefold()
)


class StoreMachine(RuleBasedStateMachine):
    """Rules add changes to a batch; every check applies it first."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
        self.path = self.folder / "bridge.sqlite"
        self.store = Database(self.path)
        self.model = Model()
        self.batch: list[Change] = []

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    def add(self, change: Change) -> None:
        self.model.apply(change)
        self.batch.append(change)

    def flush(self) -> None:
        self.store.apply(self.batch)
        self.batch = []

    @rule(
        skipped=st.integers(0, 2),
        parent=parents,
        started_at=moments | since_boots,
        meter_start_wh=wh,
        estimated=st.booleans(),
    )
    def start(
        self, skipped: int, parent: str | None, started_at: datetime, meter_start_wh: int, estimated: bool
    ) -> None:
        row_id = max((row.row_id for row in self.model.rows), default=0) + 1 + skipped
        row = replace(a_row(row_id, parent), started_at=started_at, meter_start_wh=meter_start_wh)
        row = replace(row, time_estimated=estimated)
        self.add(TransactionStarted(row))

    def unfinished(self) -> list[int]:
        stop_delivered = {row.row_id for row in self.model.rows if row.stopped_at} - {
            message.ref.row_id for message in self.model.waiting if message.ref.kind == "stop"
        }
        return [row.row_id for row in self.model.rows if row.row_id not in stop_delivered]

    @precondition(lambda self: self.unfinished())
    @rule(data=st.data(), skipped=st.integers(0, 1), sample=samples)
    def sample(self, data: st.DataObject, skipped: int, sample: Sample) -> None:
        row_id = data.draw(st.sampled_from(self.unfinished()))
        seqs = [taken.seq for taken in self.model.samples_of(row_id)]
        self.add(SampleTaken(row_id, max(seqs, default=-1) + 1 + skipped, sample))

    def not_stopped(self) -> list[int]:
        return [row.row_id for row in self.model.rows if row.stopped_at is None]

    @precondition(lambda self: self.not_stopped())
    @rule(
        data=st.data(), stopped_at=moments | since_boots, meter_wh=wh, tag=maybe_text, estimated=st.booleans()
    )
    def stop(
        self, data: st.DataObject, stopped_at: datetime, meter_wh: int, tag: str | None, estimated: bool
    ) -> None:
        row_id = data.draw(st.sampled_from(self.not_stopped()))
        self.add(TransactionStopped(row_id, stopped_at, meter_wh, "Local", tag, estimated, not estimated))

    @rule(data=st.data(), began_at=moments, estimated=st.booleans())
    def date(self, data: st.DataObject, began_at: datetime, estimated: bool) -> None:
        dimmed = [row.boot_id for row in self.model.dimmings.values()]
        boots = ["a new one", *dimmed, *(row.boot_id for row in self.model.rows)]
        self.add(Dated(data.draw(st.sampled_from(boots)), began_at, estimated))

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data(), payload=payloads)
    def freeze(self, data: st.DataObject, payload: Payload) -> None:
        message = data.draw(st.sampled_from(self.model.waiting))
        self.add(Frozen(message.ref, payload if message.frozen is None else message.frozen))

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data())
    def attempt(self, data: st.DataObject) -> None:
        self.add(Attempted(data.draw(st.sampled_from(self.model.waiting)).ref))

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data())
    def swallow(self, data: st.DataObject) -> None:
        self.add(Swallowed(data.draw(st.sampled_from(self.model.waiting)).ref))

    @precondition(lambda self: self.model.living())
    @rule(number_of=st.integers(1, 4), transaction_id=int32, parent=parents)
    def deliver(self, number_of: int, transaction_id: int, parent: str | None) -> None:
        for message in self.model.living()[:number_of]:
            self.answer(message.ref, transaction_id, parent)

    def answer(self, ref: MessageRef, transaction_id: int, parent: str | None) -> None:
        if ref.kind == "start":
            self.add(StartConfirmed(ref.row_id, transaction_id, "Accepted", parent))
        else:
            self.add(Delivered(ref))

    @precondition(lambda self: any(row.transaction_id is not None for row in self.model.rows))
    @rule()
    def late_answer(self) -> None:
        """To a message delivered before: no effect on the model by its plain rule, so none on the store."""
        row = next(row for row in self.model.rows if row.transaction_id is not None)
        self.add(Delivered(MessageRef(row.row_id, "start")))
        self.add(Attempted(MessageRef(row.row_id, "start")))

    @precondition(lambda self: self.unfinished())
    @rule(data=st.data(), why=text, for_now=st.booleans())
    def give_up(self, data: st.DataObject, why: str, for_now: bool) -> None:
        self.add(GivenUp(data.draw(st.sampled_from(self.unfinished())), why, for_now))

    @precondition(lambda self: self.model.rows)
    @rule(data=st.data())
    def offer_again(self, data: st.DataObject) -> None:
        self.add(OfferedAgain(data.draw(st.sampled_from(self.model.rows)).row_id))

    @rule(name=st.sampled_from("abc"), value=maybe_text)
    def remember(self, name: str, value: str | None) -> None:
        self.add(Remembered(name, value))

    @rule(data=st.data())
    def install_profile(self, data: st.DataObject) -> None:
        row_id = data.draw(st.sampled_from([None, *(row.row_id for row in self.model.rows)]))
        self.add(ProfileInstalled(data.draw(charging_profiles(row_id))))

    @rule(profile_ids=st.lists(st.integers(1, 9), max_size=3).map(tuple))
    def remove_profiles(self, profile_ids: tuple[int, ...]) -> None:
        self.add(ProfilesRemoved(profile_ids))

    @rule(version=st.integers(0, 2**31 - 1), entries=sent_lists, full=st.booleans())
    def send_list(self, version: int, entries: list[ListEntry], full: bool) -> None:
        sent = [entry for entry in entries if entry.info is not None] if full else entries
        self.add(LocalListSent(version, tuple(sent), replaces=full))

    @rule(tag=tags, info=st.none() | infos, at=moments)
    def cache(self, tag: str, info: IdTagInfo | None, at: datetime) -> None:
        self.add(TagCached(tag, info, at))

    @rule()
    def clear_cache(self) -> None:
        self.add(CacheCleared())

    @rule(
        boot=st.sampled_from(["boot-0", "boot-1"]),
        moments=st.tuples(moments | since_boots, st.none() | moments | since_boots),
        ended_at=st.none() | moments | since_boots,
        new=st.booleans(),
    )
    def dim(
        self, boot: str, moments: tuple[datetime, datetime | None], ended_at: datetime | None, new: bool
    ) -> None:
        began_at, obeyed_at = moments
        number = max(self.model.dimmings, default=0) + (new or not self.model.dimmings)
        self.add(DimmingNoted(DimmingRow(number, boot, began_at, 4200.0, obeyed_at, ended_at)))

    @rule()
    def reopen(self) -> None:
        self.flush()
        self.store.close()
        self.store = Database(self.path)

    @rule(sample=samples)
    def refuse(self, sample: Sample) -> None:
        """A batch with one impossible change leaves nothing of itself."""
        self.flush()
        impossible = SampleTaken(self.store.next_row_id(), 0, sample)
        with pytest.raises(StoreError, match="is not in the store"):
            self.store.apply([Remembered("a", "of a refused batch"), impossible])

    @precondition(lambda self: len(self.batch) >= 3)
    @invariant()
    def batches_are_small(self) -> None:
        self.flush()

    @precondition(lambda self: not self.batch)
    @invariant()
    def answers_alike(self) -> None:
        store, model = self.store, self.model
        undated = [row.started_at for row in model.rows] + [row.began_at for row in model.dimmings.values()]
        assert store.undated() == any(not is_dated(moment) for moment in undated)
        assert store.dimmings(0, 1000) == list(model.dimmings.values())
        assert store.newest_dimming() == next(reversed(model.dimmings.values()), None)
        assert store.next_dimming_id() == max(model.dimmings, default=0) + 1
        assert store.head() == model.head()
        assert store.backlog() == len(model.living())
        assert store.open_transaction() == model.open_transaction()
        assert store.remembered() == model.named
        assert store.charging_profiles() == tuple(model.profiles[key] for key in sorted(model.profiles))
        assert store.next_row_id() == max((row.row_id for row in model.rows), default=0) + 1
        assert store.rows(1000) == model.rows[::-1]
        assert store.rows(2, offset=1) == model.rows[::-1][1:3]
        assert store.dead_letters() == [row for row in model.rows if row.given_up is not None]
        assert store.given_up_for_now() == tuple(row.row_id for row in model.rows if row.given_up_for_now)
        assert all(store.waits(message.ref) for message in model.waiting)
        for tag in TAGS:
            assert store.listed(tag) == model.listed.get(tag.casefold())
            assert store.cached(tag) == model.cached.get(tag.casefold())
        assert store.list_size() == len(model.listed)
        assert store.list_version() == (model.sent_version if model.listed else 0)
        for row in model.rows:
            taken = model.samples_of(row.row_id)
            assert store.row(row.row_id) == row
            assert store.sample_count(row.row_id) == len(taken)
            assert store.next_sample_seq(row.row_id) == (taken[-1].seq + 1 if taken else 0)
            assert store.last_periodic(row.row_id) == model.last_periodic(row.row_id)
            assert store.stop_samples(row.row_id) == model.stop_samples(row.row_id)
            assert store.last_sample(row.row_id) == (taken[-1].sample if taken else None)


StoreMachine.TestCase.settings = settings(max_examples=many(30, 80), stateful_step_count=40, deadline=None)
TestAgainstModel = pytest.mark.part(StoreMachine.TestCase)


def test_the_model_orders_as_the_rules_say() -> None:
    """The oracle itself, once, by hand: the start of row 1, its samples by number, its stop, then row 2."""
    model, ids = Model(), (2, 1)
    for row_id in ids:
        model.apply(TransactionStarted(a_row(row_id)))
        model.apply(a_stop(row_id))
        for seq in (1, 0):
            model.apply(SampleTaken(row_id, seq, a_sample(seq)))
    one_row = [("start", 0), ("values", 0), ("values", 1), ("stop", 0)]
    assert [(message.ref.kind, message.ref.seq) for message in model.living()] == one_row * 2
    model.apply(GivenUp(1, "refused"))
    assert {message.ref.row_id for message in model.living()} == {2}

"""The store in plain lists, obviously right, and slow. Also rows and samples to fill a store with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import assert_never

from bridge.core.charging_profile import ChargingProfile
from bridge.core.id_tag import IdTagInfo
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
    Pending,
    ProfileInstalled,
    ProfilesRemoved,
    Remembered,
    Sample,
    SampleTaken,
    StartConfirmed,
    Swallowed,
    TagCached,
    TransactionRow,
    TransactionStarted,
    TransactionStopped,
)

MOST_CACHED = 128
MOST_DIMMINGS = 4096
ORDER = {"start": 0, "values": 1, "stop": 2}
EPOCH = datetime(2026, 4, 17, 17, 34, 6, 123456, tzinfo=UTC)
BOOT = datetime(1970, 1, 1, tzinfo=UTC)  # where undated moments count from
BOOT_2000 = 946_684_800


def a_row(row_id: int, parent_id_tag: str | None = None) -> TransactionRow:
    return TransactionRow(
        row_id=row_id,
        boot_id=f"boot-{row_id // 3}",
        connector_id=1,
        id_tag=f"04AABB{row_id:02X}",
        parent_id_tag=parent_id_tag,
        meter_start_wh=12_345_000 + row_id,
        started_at=EPOCH + timedelta(hours=row_id),
    )


def a_sample(seq: int) -> Sample:
    return Sample(
        at=EPOCH + timedelta(seconds=60 * seq),
        context="Sample.Periodic",
        energy_wh=12_345_678 + 10 * seq,
        power_w=11_040.5,
        current_a=(16.0, 15.9, 0.1),
        voltage_v=(229.7, 230.0, 231.25),
        offered_a=16.0,
        measurands="Power.Active.Import,Energy.Active.Import.Register",
    )


def a_stop(row_id: int, id_tag: str | None = None, estimated: bool = False) -> TransactionStopped:
    return TransactionStopped(
        row_id, EPOCH + timedelta(hours=row_id, minutes=30), 12_346_000, "Local", id_tag, estimated
    )


@dataclass(frozen=True)
class Waiting:
    """A message not yet delivered."""

    ref: MessageRef
    frozen: Payload | None = None
    attempts: int = 0
    swallowed: int = 0


@dataclass
class Model:
    rows: list[TransactionRow] = field(default_factory=list)
    samples: list[SampleTaken] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    profiles: dict[int, ChargingProfile] = field(default_factory=dict)
    listed: dict[str, IdTagInfo] = field(default_factory=dict)
    sent_version: int = 0
    cached: dict[str, IdTagInfo] = field(default_factory=dict)  # the newest last
    dimmings: dict[int, DimmingRow] = field(default_factory=dict)

    def apply(self, change: Change) -> None:
        match change:
            case TransactionStarted(row):
                self.rows.append(row)
                self.waiting.append(Waiting(MessageRef(row.row_id, "start")))
            case SampleTaken():
                self._take(change)
            case TransactionStopped():
                self._stop(change)
            case Frozen() | Attempted() | Swallowed():
                self._mark(change)
            case StartConfirmed():
                self._confirm(change)
            case Delivered(ref):
                self._deliver(ref)
            case GivenUp(row_id, why, for_now):
                self._change_row(replace(self.row(row_id), given_up=why, given_up_for_now=for_now))
            case OfferedAgain(row_id):
                self._change_row(replace(self.row(row_id), given_up=None, given_up_for_now=False))
            case Remembered(name, value):
                self._remember(name, value)
            case ProfileInstalled() | ProfilesRemoved() | DimmingNoted():
                self._follow_others(change)
            case Dated() | LocalListSent() | TagCached() | CacheCleared():
                self._learn(change)
            case _:
                assert_never(change)

    def _note_dimming(self, row: DimmingRow) -> None:
        """What began keeps its moment, what was obeyed too."""
        before = self.dimmings.get(row.dimming_id)
        if before is not None:
            row = replace(before, obeyed_at=before.obeyed_at or row.obeyed_at, ended_at=row.ended_at)
        self.dimmings[row.dimming_id] = row
        self.dimmings = dict(sorted(self.dimmings.items())[-MOST_DIMMINGS:])

    def _date_dimmings(self, change: Dated) -> None:
        for row in [row for row in self.dimmings.values() if not is_dated(row.began_at)]:
            moments = (row.began_at, row.obeyed_at, row.ended_at)
            by, guessed = change.began_at - BOOT, change.estimated
            if row.boot_id != change.boot_id:
                lasted = max(at for at in moments if at is not None and not is_dated(at)) - BOOT
                by, guessed = change.began_at - timedelta(seconds=1) - lasted - BOOT, True
            began, obeyed, ended = (at + by if at is not None and not is_dated(at) else at for at in moments)
            assert began is not None
            self.dimmings[row.dimming_id] = replace(
                row,
                began_at=began,
                obeyed_at=obeyed,
                ended_at=ended,
                time_estimated=row.time_estimated or guessed,
            )

    def _take(self, taken: SampleTaken) -> None:
        self.samples.append(taken)
        if taken.sample.measurands:
            self.waiting.append(Waiting(MessageRef(taken.row_id, "values", taken.seq)))

    def _date(self, change: Dated) -> None:
        """A boot after the other, the newest first; each ends a second before the one that was looked at."""
        undated = [row for row in self.rows if not is_dated(row.started_at)]
        before = change.began_at
        for boot_id in dict.fromkeys(row.boot_id for row in reversed(undated)):
            rows = [row for row in undated if row.boot_id == boot_id]
            began_at, guessed = change.began_at, change.estimated
            if boot_id != change.boot_id:
                lasted = max(max(self._undated_moments(row)) for row in rows) - BOOT
                began_at, guessed = before - timedelta(seconds=1) - lasted, True
            before = min(before, began_at)
            for row in rows:
                self._date_row(row, began_at - BOOT, guessed)
        self._date_dimmings(change)
        for key, each in self.profiles.items():
            if each.received_at < BOOT_2000:
                received_at = each.received_at + int((change.began_at - BOOT).total_seconds() // 1)
                self.profiles[key] = replace(each, received_at=received_at)

    def _undated_moments(self, row: TransactionRow) -> list[datetime]:
        sampled = [taken.sample.at for taken in self.samples_of(row.row_id)]
        stopped = [row.stopped_at] if row.stopped_at is not None else []
        return [BOOT, *(at for at in (row.started_at, *stopped, *sampled) if not is_dated(at))]

    def _date_row(self, row: TransactionRow, by: timedelta, guessed: bool) -> None:
        def moved(at: datetime) -> datetime:
            return at + by if not is_dated(at) else at

        stopped_at = None if row.stopped_at is None else moved(row.stopped_at)
        estimated = row.time_estimated or guessed
        self._change_row(
            replace(row, started_at=moved(row.started_at), stopped_at=stopped_at, time_estimated=estimated)
        )
        self.samples = [
            replace(taken, sample=replace(taken.sample, at=moved(taken.sample.at)))
            if taken.row_id == row.row_id
            else taken
            for taken in self.samples
        ]

    def _mark(self, change: Frozen | Attempted | Swallowed) -> None:
        match change:
            case Frozen(ref, payload):
                self._change_message(ref, lambda message: replace(message, frozen=payload))
            case Attempted(ref):
                self._change_message(ref, lambda message: replace(message, attempts=message.attempts + 1))
            case Swallowed(ref):
                self._change_message(ref, lambda message: replace(message, swallowed=message.swallowed + 1))

    def _follow_others(self, change: ProfileInstalled | ProfilesRemoved | DimmingNoted) -> None:
        match change:
            case DimmingNoted(row):
                self._note_dimming(row)
            case ProfileInstalled(profile):
                self.profiles[profile.profile_id] = profile
            case ProfilesRemoved(profile_ids):
                self.profiles = {key: each for key, each in self.profiles.items() if key not in profile_ids}

    def _learn(self, change: Dated | LocalListSent | TagCached | CacheCleared) -> None:
        match change:
            case Dated():
                self._date(change)
            case LocalListSent():
                self._send_list(change)
            case TagCached():
                self._cache(change)
            case CacheCleared():
                self.cached = {}

    def _send_list(self, sent: LocalListSent) -> None:
        self.sent_version = sent.version
        if sent.replaces:
            self.listed = {}
        for entry in sent.entries:
            self.listed.pop(entry.id_tag.casefold(), None)
            if entry.info is not None:
                self.listed[entry.id_tag.casefold()] = entry.info
        self.cached = {tag: info for tag, info in self.cached.items() if tag not in self.listed}

    def _cache(self, change: TagCached) -> None:
        self.cached.pop(change.id_tag.casefold(), None)
        if change.info is None:
            return
        useless = [tag for tag, info in self.cached.items() if not info.at(change.at).accepted]
        useful = [tag for tag in self.cached if tag not in useless]
        for tag in [*useless, *useful][: max(0, len(self.cached) - (MOST_CACHED - 1))]:
            del self.cached[tag]
        self.cached[change.id_tag.casefold()] = change.info

    def row(self, row_id: int) -> TransactionRow:
        return next(row for row in self.rows if row.row_id == row_id)

    def samples_of(self, row_id: int) -> list[SampleTaken]:
        return [taken for taken in self.samples if taken.row_id == row_id]

    def stop_samples(self, row_id: int) -> list[Sample]:
        return [taken.sample for taken in self.samples_of(row_id) if taken.sample.stop_measurands]

    def last_periodic(self, row_id: int) -> Sample | None:
        at_interval = ("Transaction.Begin", "Sample.Periodic")
        found = [one.sample for one in self.samples_of(row_id) if one.sample.context in at_interval]
        return found[-1] if found else None

    def living(self) -> list[Waiting]:
        dead = {row.row_id for row in self.rows if row.given_up is not None}
        living = [message for message in self.waiting if message.ref.row_id not in dead]
        return sorted(living, key=lambda message: _order(message.ref))

    def head(self) -> Pending | None:
        if not self.living():
            return None
        first = self.living()[0]
        taken = [one.sample for one in self.samples_of(first.ref.row_id) if one.seq == first.ref.seq]
        sample = taken[0] if first.ref.kind == "values" else None
        return Pending(
            first.ref, self.row(first.ref.row_id), sample, first.frozen, first.attempts, first.swallowed
        )

    def open_transaction(self) -> TransactionRow | None:
        candidates = [row for row in self.rows if row.stopped_at is None]
        return candidates[-1] if candidates else None

    def _change_message(self, ref: MessageRef, changed: Callable[[Waiting], Waiting]) -> None:
        self.waiting = [changed(message) if message.ref == ref else message for message in self.waiting]

    def _deliver(self, ref: MessageRef) -> None:
        self.waiting = [message for message in self.waiting if message.ref != ref]
        if ref.kind == "stop":
            self.samples = [taken for taken in self.samples if taken.row_id != ref.row_id]

    def _remember(self, name: str, value: str | None) -> None:
        self.named.pop(name, None)
        if value is not None:
            self.named[name] = value

    def _stop(self, change: TransactionStopped) -> None:
        stopped = replace(
            self.row(change.row_id),
            stopped_at=change.stopped_at,
            meter_stop_wh=change.meter_stop_wh,
            stop_reason=change.reason,
            stop_id_tag=change.id_tag,
            stop_estimated=change.estimated,
            time_estimated=change.time_estimated or self.row(change.row_id).time_estimated,
        )
        self._change_row(stopped)
        self.waiting.append(Waiting(MessageRef(change.row_id, "stop")))

    def _confirm(self, change: StartConfirmed) -> None:
        row = self.row(change.row_id)
        confirmed = replace(
            row,
            transaction_id=change.transaction_id,
            id_tag_status=change.id_tag_status,
            parent_id_tag=row.parent_id_tag if change.parent_id_tag is None else change.parent_id_tag,
        )
        self._change_row(confirmed)
        self._deliver(MessageRef(change.row_id, "start"))

    def _change_row(self, changed: TransactionRow) -> None:
        self.rows = [changed if row.row_id == changed.row_id else row for row in self.rows]


def _order(ref: MessageRef) -> tuple[int, int, int]:
    return ref.row_id, ORDER[ref.kind], ref.seq

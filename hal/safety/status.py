"""The `Status` of this process: the core's view, and what only this process knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from hal import contract
from hal.contract import EvseView, Status


@dataclass(frozen=True)
class Identity:
    """The fields of `Status` that stay the same while this process runs."""

    start_id: str
    mock: bool
    real_time: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Tallies:
    """The counters that the process counts, not the core."""

    late_ticks: int
    dropped_lines: int
    dropped_logs: int


@dataclass(frozen=True)
class Shown:
    """What the process shows, or reads for others, and the core does not know."""

    lamp: str
    dimmed: bool | None = None  # None: this box has no such input


def status_of(view: EvseView, identity: Identity, tallies: Tallies, shown: Shown) -> Status:
    """Adds what only this process knows, but time and number: those belong to the moment it is sent."""
    counters = msgspec.structs.replace(
        view.counters,
        late_ticks=tallies.late_ticks,
        dropped_lines=tallies.dropped_lines,
        dropped_logs=tallies.dropped_logs,
    )
    seen = msgspec.structs.replace(view, counters=counters, notes=(*identity.notes, *view.notes))
    return Status(
        **msgspec.structs.asdict(seen),
        version=contract.VERSION,
        start_id=identity.start_id,
        seq=0,
        at_s=0.0,
        mock=identity.mock,
        real_time=identity.real_time,
        lamp=shown.lamp,
        dimmed=shown.dimmed,
    )


def differs(before: Status, now: Status) -> bool:
    """Says whether to send it at once. Counters alone can wait for the second: a flood shall not multiply."""
    return msgspec.structs.replace(before, counters=now.counters) != now


def at_start(first: Status) -> Iterator[str]:
    """Makes log lines of what stands already, so that a box that never closes says why."""
    yield from (
        f"fault {fault.id} is present since the start (ends by {fault.clears})" for fault in first.faults
    )
    if first.dimmed:
        yield "dimming input: dimmed since the start"


def changes(before: Status, now: Status) -> Iterator[str]:
    """Makes log lines of what changed, once."""
    if now.vehicle != before.vehicle:
        yield f"vehicle {before.vehicle} -> {now.vehicle}"
    if now.pilot_offer != before.pilot_offer:
        yield f"offer {_offer(before)} -> {_offer(now)} (limit: {now.limited_by})"
    if now.contactor_commanded != before.contactor_commanded:
        yield f"contactor {'closes' if now.contactor_commanded else 'opens'}, vehicle {now.vehicle}"
    if now.lock != before.lock:
        yield f"lock {before.lock} -> {now.lock}"
    if now.cable_rating_a != before.cable_rating_a:
        yield f"cable rating {_amps(before.cable_rating_a)} -> {_amps(now.cable_rating_a)}"
    if now.dimmed != before.dimmed:
        yield "dimming input: dimmed" if now.dimmed else "dimming input: not dimmed any more"
    yield from (f"fault {fault.id} (ends by {fault.clears})" for fault in _news(before, now))
    yield from (note for note in now.notes if note not in before.notes)
    yield from (f"fault {fault.id} ended" for fault in _news(now, before))


def _news(before: Status, now: Status) -> list[contract.Fault]:
    known = {(fault.id, fault.occurrence) for fault in before.faults}
    return [fault for fault in now.faults if (fault.id, fault.occurrence) not in known]


def _offer(status: Status) -> str:
    return status.pilot_offer if isinstance(status.pilot_offer, str) else f"{status.pilot_offer:g} A"


def _amps(rating_a: float | None) -> str:
    return "none" if rating_a is None else f"{rating_a:g} A"

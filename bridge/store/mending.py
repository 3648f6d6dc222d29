"""PURE: one session of a damaged store: what cannot be read is filled, its messages are put in order.

What it needs is taken from its samples and marked as estimated. If a message that was never sent would need
it, the session becomes a dead letter: nothing that we made up is sent, its owner decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.store.columns import KINDS
from bridge.store.readable import TRANSACTION, faults

Values = dict[str, Any]  # by column
START, VALUES, STOP = (KINDS.index(kind) for kind in KINDS)
UNKNOWN_MOMENT = (
    "2000-01-01T00:00:00.000000+00:00"  # no moment of a session, nor of one before it, can be read
)
_OF_MESSAGE = {START: ("id_tag", "meter_start_wh", "started_at"), STOP: ("stopped_at", "meter_stop_wh")}
_FROZEN = {
    START: {"idTag": "id_tag", "meterStart": "meter_start_wh"},
    VALUES: {"transactionId": "transaction_id"},
    STOP: {"transactionId": "transaction_id", "meterStop": "meter_stop_wh"},
}
_EMPTY: Values = {
    "boot_id": "", "connector_id": 1, "id_tag": "", "stop_estimated": 0, "given_up_for_now": 0,
    "time_estimated": 0,
}  # fmt: skip


@dataclass
class Found:
    """One session as far as it can be read: what cannot is None, and in `lost`."""

    row: Values
    lost: set[str]
    samples: list[Values] = field(default_factory=list)  # by seq
    messages: dict[tuple[int, int], Values] = field(default_factory=dict)  # by place and seq
    was_dead: bool = False  # its messages stood among the dead letters
    uncertain: bool = False  # its samples, or its messages, could not be looked up
    notes: list[str] = field(default_factory=list)  # for the log

    @property
    def row_id(self) -> int:
        """Returns the session's number."""
        return int(self.row["row_id"])

    @property
    def begun(self) -> bool:
        """Says whether its StartTransaction was answered."""
        return self.row["transaction_id"] is not None


def mend(found: Found, before: str, *, is_newest: bool) -> None:
    """Makes it one that the store could have written. `before`: a moment of the session before it."""
    _take_frozen(found)
    for column, empty in _EMPTY.items():
        if found.row[column] is None:
            found.row[column] = empty
    stop = ("stopped_at", "meter_stop_wh")
    stopped = (STOP, 0) in found.messages or not is_newest  # only the newest can run
    stopped = stopped or any(column in found.lost or found.row[column] is not None for column in stop)
    if (START, 0) in found.messages and found.begun:  # one of the two is not as it was written
        found.notes.append(f"transaction_id {found.row['transaction_id']}, but its start waits")
        found.row["transaction_id"] = None
        found.lost.add("transaction_id")
    delivered = not (found.samples or found.messages or found.uncertain)
    if stopped and "transaction_id" in found.lost and delivered:
        found.row["transaction_id"] = 0  # it is delivered: nobody needs it any more
    _fill(found, before, stopped=stopped)
    _drop_strays(found, stopped=stopped)
    _forget_frozen(found)
    _put_back(found, stopped=stopped)
    if found.was_dead and found.row["given_up"] is None:
        found.row["given_up"] = "why it was given up cannot be read"
    if missing := ", ".join(_needed(found)):
        found.row["given_up"] = found.row["given_up"] or f"the card was damaged: {missing} cannot be read"
        found.row["given_up_for_now"] = 0
        found.notes.append(f"it is a dead letter: {found.row['given_up']}")


def _take_frozen(found: Found) -> None:
    """Takes what cannot be read from a message that was frozen with it."""
    for place, columns in _FROZEN.items():
        frozen = _frozen(found.messages.get((place, 0)))
        for name, column in columns.items():
            if (
                column in found.lost
                and name in frozen
                and not faults({"": TRANSACTION[column]}, [frozen[name]])
            ):
                found.row[column] = frozen[name]
                found.lost.discard(column)


def _fill(found: Found, before: str, *, stopped: bool) -> None:
    row = found.row
    first, last = (found.samples[0], found.samples[-1]) if found.samples else ({}, {})
    _take(found, "started_at", first.get("at"), row["stopped_at"], before)
    _take(found, "meter_start_wh", first.get("energy_wh"), row["meter_stop_wh"], 0)
    if stopped:
        _take(found, "stopped_at", last.get("at"), row["started_at"])
        _take(found, "meter_stop_wh", last.get("energy_wh"), row["meter_start_wh"])


def _take(found: Found, column: str, *instead: Any) -> None:
    if found.row[column] is None:
        found.lost.add(column)
        found.row[column] = next(value for value in instead if value is not None)
        found.row["time_estimated" if column.endswith("_at") else "stop_estimated"] = 1


def _drop_strays(found: Found, *, stopped: bool) -> None:
    """Drops messages that cannot be of it, and samples that nobody needs: its stop is delivered."""
    sampled = {sample["seq"] for sample in found.samples}
    for place, seq in list(found.messages):
        sound = {START: seq == 0 and not found.begun, VALUES: seq in sampled, STOP: seq == 0 and stopped}
        if not sound[place]:
            found.notes.append(f"its message {KINDS[place]} {seq} is dropped: it has no such one")
            del found.messages[place, seq]


def _forget_frozen(found: Found) -> None:
    """Drops what was frozen and does not agree with its session: one of the two is not as it was written."""
    for (place, _), message in found.messages.items():
        frozen = _frozen(message)
        unlike = [
            name for name, column in _FROZEN.get(place, {}).items() if frozen.get(name) != found.row[column]
        ]
        if frozen and unlike:
            found.notes.append(
                f"its message {KINDS[place]} is made anew: it was frozen with another {unlike}"
            )
            message["frozen"] = None


def _frozen(message: Values | None) -> Values:
    """Returns what was frozen of a message, which can be read; empty: nothing."""
    frozen: Values = json.loads(message["frozen"]) if message is not None and message["frozen"] else {}
    return frozen


def _put_back(found: Found, *, stopped: bool) -> None:
    """Adds messages that are missing: StartTransaction waits until it is answered, samples are kept as long
    as StopTransaction waits."""
    certain = bool(found.samples or found.messages)
    missing = [START] if not found.begun else []
    if stopped and (certain or missing):
        missing.append(STOP)
    for place in missing:
        if (place, 0) not in found.messages:
            key = {"row_id": found.row_id, "place": place, "seq": 0}
            found.messages[place, 0] = {**key, "frozen": None, "attempts": 0, "swallowed": 0}
            found.notes.append(f"its message {KINDS[place]} is put back")
            if not certain:
                found.lost.add("what was sent of it")


def _needed(found: Found) -> Iterator[str]:
    """Yields what cannot be read and is needed for a message."""
    for place, columns in _OF_MESSAGE.items():
        message = found.messages.get((place, 0))
        if message is not None and message["frozen"] is None:
            yield from (column for column in columns if column in found.lost)
    if "transaction_id" in found.lost and not found.begun:
        yield "transaction_id"
    if "what was sent of it" in found.lost:
        yield "what was sent of it"

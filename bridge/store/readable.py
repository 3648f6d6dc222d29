"""PURE: what may stand in each column. What is beyond it was not written by any version of this program.

A column has a reader: it returns the value as it is to be stored, or raises ValueError.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, get_args

from bridge.core.charging_profile import Kind, Purpose, RateUnit, Recurrency
from bridge.core.rows import INT32_MAX
from bridge.core.zaptec import BEHAVIOURS

Reader = Callable[[Any], object]
EXACT = 2**53  # as the Central System's transactionId is taken
LAST_ROW_ID = 2**53
FIRST, LAST = "1970", "2100"  # years of what this box does; 1970: nobody knew the time
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
CALENDAR_S = (-62_135_596_800, 253_402_300_799)  # of others' moments: the years 1 to 9999
POWER_W, CURRENT_A, VOLTAGE_V = 1e6, 1e4, 1e4  # far beyond any wallbox
CONTACTS_C = 1000.0
MEASURANDS = sorted({name for mode in BEHAVIOURS.values() for name in mode.measurands})
NAMES = frozenset((
    "connectorId", "idTag", "meterStart", "reservationId", "timestamp", "transactionId", "meterStop",
    "reason", "transactionData", "meterValue", "sampledValue", "value", "context", "format", "measurand",
    "phase", "location", "unit",
))  # OCPP 1.6 6.31, 6.45, 6.49  # fmt: skip
STATUSES = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")  # OCPP 1.6 7.2
REASONS = (
    "DeAuthorized", "EmergencyStop", "EVDisconnected", "HardReset", "Local", "Other", "PowerLoss", "Reboot",
    "Remote", "SoftReset", "UnlockCommand",
)  # OCPP 1.6 7.36  # fmt: skip
CONTEXTS = (
    "Interruption.Begin", "Interruption.End", "Other", "Sample.Clock", "Sample.Periodic", "Transaction.Begin",
    "Transaction.End", "Trigger",
)  # OCPP 1.6 7.40  # fmt: skip


def whole(least: int, most: int) -> Reader:
    """Reads an integer of at least `least` and at most `most`."""

    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"{value!r:.60}: a whole number from {least} to {most} is allowed")
        return value

    return read


def number(most: float) -> Reader:
    """Reads a number between `-most` and `most`."""

    def read(value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > most:
            raise ValueError(f"{value!r:.60}: a number up to +-{most:g} is allowed")
        return float(value)

    return read


def text(value: Any) -> str:
    """Reads a text, whatever it holds: others gave it."""
    if type(value) is not str:
        raise ValueError(f"{value!r:.60}: must be a text")
    value.encode()  # UnicodeEncodeError is a ValueError: its bytes were no UTF-8
    return value


def one_of(allowed: Sequence[str]) -> Reader:
    """Reads one of these words."""

    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r:.60}: must be one of {', '.join(allowed)}")
        return str(value)

    return read


def optional(reader: Reader) -> Reader:
    """Reads NULL, or what `reader` does."""
    return lambda value: None if value is None else reader(value)


def moment(value: Any) -> str:
    """Reads a moment exactly as it was written: those in columns are compared as texts."""
    if type(value) is not str or not _MOMENT.fullmatch(value) or not FIRST <= value < LAST:
        raise ValueError(
            f"{value!r:.60}: a moment of UTC is allowed, from {FIRST} to {LAST}, with microseconds"
        )
    datetime.fromisoformat(value)
    return value


def date(value: Any) -> str:
    """Reads a date that somebody else has set."""
    if type(value) is not str or datetime.fromisoformat(value).tzinfo is None:
        raise ValueError(f"{value!r:.60}: must be a moment with a zone")
    return value


@lru_cache(maxsize=256)  # the same in each sample of a box
def measurands(value: Any) -> str:
    """Reads names of measurands with commas between them, each perhaps of one phase."""
    for name in filter(None, text(value).split(",")):
        if not any(name == each or name.startswith(f"{each}.") for each in MEASURANDS):
            raise ValueError(f"{name!r:.60}: must be one of {', '.join(MEASURANDS)}")
    return str(value)


def payload(value: Any) -> str:
    """Reads a frozen message: a JSON object of names that stand in one."""
    if strange := {name for name in _names(_json(value, dict)) if name not in NAMES}:
        raise ValueError(f"{value!r:.60}: {sorted(strange)} is no part of a message")
    return str(value)


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _names(each)


def periods(value: Any) -> str:
    """Reads the periods of a profile: from 0 on, rising."""
    found = _json(value, list)
    starts = [start_s for start_s, _, _ in found]
    if not starts or starts[0] != 0 or any(one >= next_one for one, next_one in pairwise(starts)):
        raise ValueError(f"{value!r:.60}: must be periods from 0 on, rising")
    for start_s, limit, phases in found:
        whole(0, INT32_MAX)(start_s)
        number(POWER_W)(limit)
        optional(whole(1, 3))(phases)
    return str(value)


def _json(value: Any, kind: type) -> Any:
    try:
        found = json.loads(text(value))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, kind):
        raise ValueError(f"{value!r:.60}: must be a JSON {kind.__name__}")
    return found


_CLAIM = whole(0, 1)
_ENERGY = whole(0, INT32_MAX)
_SECOND = whole(*CALENDAR_S)

TRANSACTION: Mapping[str, Reader] = {
    "row_id": whole(1, LAST_ROW_ID),
    "boot_id": text,
    "connector_id": whole(1, 1),
    "id_tag": text,
    "parent_id_tag": optional(text),
    "meter_start_wh": _ENERGY,
    "started_at": moment,
    "transaction_id": optional(whole(-EXACT, EXACT)),
    "id_tag_status": optional(one_of(STATUSES)),
    "stopped_at": optional(moment),
    "meter_stop_wh": optional(_ENERGY),
    "stop_reason": optional(one_of(REASONS)),
    "stop_id_tag": optional(text),
    "stop_estimated": _CLAIM,
    "given_up": optional(text),
    "reservation_id": optional(whole(-INT32_MAX - 1, INT32_MAX)),
    "given_up_for_now": _CLAIM,
    "time_estimated": _CLAIM,
}
SAMPLE: Mapping[str, Reader] = {
    "row_id": whole(1, LAST_ROW_ID),
    "seq": whole(0, INT32_MAX),
    "at": moment,
    "context": one_of(CONTEXTS),
    "energy_wh": _ENERGY,
    "power_w": number(POWER_W),
    **{f"current_l{phase}_a": number(CURRENT_A) for phase in (1, 2, 3)},
    **{f"voltage_l{phase}_v": number(VOLTAGE_V) for phase in (1, 2, 3)},
    "offered_a": number(CURRENT_A),
    "measurands": measurands,
    "stop_measurands": measurands,
    "interval_wh": optional(_ENERGY),
    "contacts_c": optional(number(CONTACTS_C)),
}
MESSAGE: Mapping[str, Reader] = {
    "row_id": whole(1, LAST_ROW_ID),
    "place": whole(0, 2),
    "seq": whole(0, INT32_MAX),
    "frozen": optional(payload),
    "attempts": whole(0, INT32_MAX),
    "swallowed": whole(0, INT32_MAX),
}
REMEMBERED: Mapping[str, Reader] = {"name": text, "value": text}
PROFILE: Mapping[str, Reader] = {
    "profile_id": whole(-INT32_MAX - 1, INT32_MAX),
    "connector_id": whole(0, 1),
    "purpose": one_of(get_args(Purpose)),
    "stack_level": whole(0, INT32_MAX),
    "kind": one_of(get_args(Kind)),
    "unit": one_of(get_args(RateUnit)),
    "periods": periods,
    "received_at": _SECOND,
    "start_at": optional(_SECOND),
    "duration_s": optional(whole(0, INT32_MAX)),
    "recurrency": optional(one_of(get_args(Recurrency))),
    "valid_from": optional(_SECOND),
    "valid_to": optional(_SECOND),
    "min_rate": optional(number(POWER_W)),
    "row_id": optional(whole(1, LAST_ROW_ID)),
}
_INFO: Mapping[str, Reader] = {
    "status": one_of(STATUSES),
    "parent_id_tag": optional(text),
    "expires_at": optional(date),
}
LOCAL_LIST: Mapping[str, Reader] = {"tag": text, **_INFO}
LIST_VERSION: Mapping[str, Reader] = {"version": whole(0, INT32_MAX)}
CACHE: Mapping[str, Reader] = {"told": whole(1, LAST_ROW_ID), "tag": text, **_INFO}

DIMMING: Mapping[str, Reader] = {
    "dimming_id": whole(1, LAST_ROW_ID),
    "boot_id": text,
    "began_at": moment,
    "limit_w": number(POWER_W),
    "obeyed_at": optional(moment),
    "ended_at": optional(moment),
    "time_estimated": _CLAIM,
}

# By table, in the order in which rows are copied: what is referred to comes first. Of each, how many of its
# first columns are its key, by which it is ordered; 0: none of them.
TABLES: Mapping[str, tuple[Mapping[str, Reader], int]] = {
    "transactions": (TRANSACTION, 1),
    "samples": (SAMPLE, 2),
    "outbox": (MESSAGE, 3),
    "set_aside": (MESSAGE, 3),
    "remembered": (REMEMBERED, 1),
    "charging_profiles": (PROFILE, 1),
    "local_list": (LOCAL_LIST, 1),
    "local_list_version": (LIST_VERSION, 0),
    "authorization_cache": (CACHE, 1),
    "dimmings": (DIMMING, 1),
}


def faults(readers: Mapping[str, Reader], values: Sequence[Any]) -> dict[str, str]:
    """Says of each column that cannot be read why."""
    found: dict[str, str] = {}
    for (name, reader), value in zip(readers.items(), values, strict=True):
        try:
            reader(value)
        except (ValueError, TypeError, OverflowError) as error:
            found[name] = str(error)
    return found

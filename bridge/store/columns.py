"""PURE: how the core's types stand in columns: moments as ISO text in UTC, payloads as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bridge.core.rows import MessageKind, Payload, Sample, TransactionRow

KINDS: tuple[MessageKind, ...] = ("start", "values", "stop")  # a kind's index is its `place` in a row

ROW = (
    "row_id",
    "boot_id",
    "connector_id",
    "id_tag",
    "parent_id_tag",
    "meter_start_wh",
    "started_at",
    "transaction_id",
    "id_tag_status",
    "stopped_at",
    "meter_stop_wh",
    "stop_reason",
    "stop_id_tag",
    "stop_estimated",
    "given_up",
    "reservation_id",
    "given_up_for_now",
    "time_estimated",
)
SAMPLE = (
    "at",
    "context",
    "energy_wh",
    "power_w",
    "current_l1_a",
    "current_l2_a",
    "current_l3_a",
    "voltage_l1_v",
    "voltage_l2_v",
    "voltage_l3_v",
    "offered_a",
    "measurands",
    "stop_measurands",
    "interval_wh",
    "contacts_c",
)


def text_of(content: bytes) -> str:
    """Reads a text as SQLite gives it; what is no UTF-8 stays visible as such, and is no valid text."""
    return content.decode("utf-8", "surrogateescape")


def place(kind: MessageKind) -> int:
    """Says where a message stands within its row."""
    return KINDS.index(kind)


def moment_text(moment: datetime) -> str:
    """Writes a moment. Raises ValueError for one without a zone, which would be read as local time."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; moments are aware, in UTC")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def payload_text(payload: Payload) -> str:
    """Writes JSON. Raises ValueError for NaN and infinities, which JSON does not have."""
    return json.dumps(payload, allow_nan=False, separators=(",", ":"))


def payload_of(text: str | None) -> Payload | None:
    """Returns the payload exactly as it was frozen."""
    if text is None:
        return None
    payload: Payload = json.loads(text)
    return payload


def sample_values(sample: Sample) -> tuple[object, ...]:
    """Returns the values in the order of SAMPLE."""
    return (
        moment_text(sample.at),
        sample.context,
        sample.energy_wh,
        sample.power_w,
        *sample.current_a,
        *sample.voltage_v,
        sample.offered_a,
        sample.measurands,
        sample.stop_measurands,
        sample.interval_wh,
        sample.contacts_c,
    )


def sample_of(values: Sequence[Any]) -> Sample:
    """Makes a sample from values in the order of SAMPLE."""
    at, context, energy_wh, power_w, *phases = values[:10]
    offered_a, measurands, stop_measurands, interval_wh, contacts_c = values[10:]
    l1_a, l2_a, l3_a, l1_v, l2_v, l3_v = phases
    return Sample(
        at=datetime.fromisoformat(at),
        context=context,
        energy_wh=energy_wh,
        power_w=power_w,
        current_a=(l1_a, l2_a, l3_a),
        voltage_v=(l1_v, l2_v, l3_v),
        offered_a=offered_a,
        measurands=measurands,
        stop_measurands=stop_measurands,
        interval_wh=interval_wh,
        contacts_c=contacts_c,
    )


def row_of(values: Sequence[Any]) -> TransactionRow:
    """Makes a row from values in the order of ROW."""
    fields = dict(zip(ROW, values, strict=True))
    stopped_at = fields["stopped_at"]
    fields["started_at"] = datetime.fromisoformat(fields["started_at"])
    fields["stopped_at"] = None if stopped_at is None else datetime.fromisoformat(stopped_at)
    fields["parent_id_tag"] = fields["parent_id_tag"] or None  # an older bridge stored an empty one
    for claim in ("stop_estimated", "given_up_for_now", "time_estimated"):
        fields[claim] = bool(fields[claim])
    return TransactionRow(**fields)

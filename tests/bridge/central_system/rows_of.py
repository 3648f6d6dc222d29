"""Transaction rows for tests of lane 2, in a store of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bridge.core.rows import Sample, SampleTaken, TransactionRow, TransactionStarted, TransactionStopped

AT = datetime(2026, 1, 1, tzinfo=UTC)


def started(row_id: int = 1) -> TransactionStarted:
    row = TransactionRow(
        row_id=row_id,
        boot_id="boot",
        connector_id=1,
        id_tag="TAG",
        parent_id_tag=None,
        meter_start_wh=1000,
        started_at=AT,
    )
    return TransactionStarted(row)


def sampled(row_id: int = 1, seq: int = 0, at_s: float = 60.0) -> SampleTaken:
    taken = Sample(
        at=AT + timedelta(seconds=at_s),
        context="Sample.Periodic",
        energy_wh=1100,
        power_w=0.0,
        current_a=(0.0, 0.0, 0.0),
        voltage_v=(230.0, 230.0, 230.0),
        offered_a=16.0,
        measurands="Energy.Active.Import.Register",
    )
    return SampleTaken(row_id, seq, taken)


def stopped(row_id: int = 1, id_tag: str | None = "TAG") -> TransactionStopped:
    return TransactionStopped(row_id, AT + timedelta(seconds=120), 1200, "Local", id_tag, estimated=False)

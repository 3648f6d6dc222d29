"""The meter values of the running transaction: which samples become rows, and when."""

from __future__ import annotations

from datetime import datetime

import msgspec.structs

from bridge.core.configuration import Configuration
from bridge.core.metering import Sampler, Supply, sample
from bridge.core.now import Now
from bridge.core.rows import Sample, SampleTaken
from hal.contract import Reading


class MeterLog:
    """One for each transaction. With MeterValueSampleInterval 0 it takes nothing."""

    def __init__(
        self, row_id: int, configuration: Configuration, sampler: Sampler, next_seq: int = 0
    ) -> None:
        self._row_id = row_id
        self._configuration = configuration
        self._sampler = sampler
        self._next_seq = next_seq
        self._last_at: datetime | None = None

    @property
    def _interval_s(self) -> int:
        return self._configuration.seconds("MeterValueSampleInterval")

    def begin(self, reading: Reading, supply: Supply, now: Now) -> tuple[SampleTaken, ...]:
        """Transaction.Begin: its energy is meterStart."""
        return self._take("Transaction.Begin", reading, supply, now)

    def periodic(self, reading: Reading | None, supply: Supply, now: Now) -> tuple[SampleTaken, ...]:
        """To be called at every step. Without a fresh reading the sample is left out, never invented."""
        due = self._sampler.due(self._interval_s, now.s)
        return self._take("Sample.Periodic", reading, supply, now) if due and reading is not None else ()

    def end(self, reading: Reading, meter_stop_wh: int, supply: Supply, now: Now) -> tuple[SampleTaken, ...]:
        """Transaction.End: its energy is meterStop."""
        return self._take("Transaction.End", _with_energy(reading, meter_stop_wh), supply, now)

    def not_before_last(self, moment: datetime) -> datetime:
        """OCPP-wide rule of ours: a stop is never dated before the last sample."""
        return moment if self._last_at is None else max(moment, self._last_at)

    def _take(self, context: str, reading: Reading, supply: Supply, now: Now) -> tuple[SampleTaken, ...]:
        measurands = self._configuration.text("MeterValuesSampledData")
        if self._interval_s == 0 or not measurands:
            return ()
        at = self.not_before_last(now.utc)
        taken: Sample = sample(reading, supply, at=at, context=context, measurands=measurands)
        self._last_at = at
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        return (SampleTaken(self._row_id, seq, taken),)


def _with_energy(reading: Reading, energy_wh: int) -> Reading:
    return msgspec.structs.replace(reading, energy_wh=energy_wh)

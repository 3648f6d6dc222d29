"""The meter values of the running transaction: which samples become rows, when, and for which message."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec.structs

from bridge.core.box_view import Supply
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now
from bridge.core.reporting.meter_values import Occasion, sample
from bridge.core.reporting.sign_of_life import EVERY_S, SignOfLife
from bridge.core.rows import Remembered, Sample, SampleTaken, TransactionRow
from bridge.core.setup import LIFE, Memory
from hal.contract import Reading


class MeterLog:
    """Decides which samples of a transaction are stored: for MeterValues, for transactionData, or for both;
    one that is for neither is not taken."""

    def __init__(self, row: TransactionRow, configuration: Configuration, sampler: Sampler) -> None:
        self._row_id = row.row_id
        self._configuration = configuration
        self._sampler = sampler
        self._next_seq = 0
        self._last_at = row.started_at
        self.of_earlier_boot = False  # whose seconds are not those of now
        self.stored_wh: int | None = None  # the last that a former program stored
        self.least_wh = row.meter_start_wh  # meterStop is not below what was stored before it
        self._signs_at_s: float | None = None  # the next sign of life
        self._last_wh = row.meter_start_wh  # of the last begin or periodic sample
        self._last_w: float | None = None  # likewise; None: there is none

    @classmethod
    def started(cls, row: TransactionRow, configuration: Configuration, now: Now) -> MeterLog:
        """Makes the log of a transaction that begins."""
        return cls(row, configuration, Sampler(configuration.whole("MeterValueSampleInterval"), now.s))

    @classmethod
    def resumed(cls, row: TransactionRow, configuration: Configuration, memory: Memory, now: Now) -> MeterLog:
        """Makes the log of a transaction that continues after a restart of the program."""
        interval_s = configuration.whole("MeterValueSampleInterval")
        started_at = now.place(row.started_at)
        log = cls(row, configuration, Sampler.resumed(interval_s, started_at, now.utc, now.s))
        log._next_seq = memory.next_sample_seq
        if memory.last_sample is not None:
            log._last_at = max(row.started_at, memory.last_sample.at)
            log.stored_wh = memory.last_sample.energy_wh
        life = SignOfLife.of(memory.remembered.get(LIFE), row.row_id)
        if life is not None and (life.at <= now.utc or not now.dated):
            log._last_at = max(log._last_at, life.at)
            log.stored_wh = max(log.stored_wh or 0, life.energy_wh)
        log.least_wh = max(log.least_wh, log.stored_wh or 0)
        if memory.last_periodic is not None:
            log._last_wh, log._last_w = memory.last_periodic.energy_wh, memory.last_periodic.power_w
        return log

    @property
    def _interval_s(self) -> int:
        return self._configuration.whole("MeterValueSampleInterval")

    def begin(self, reading: Reading, supply: Supply, now: Now) -> tuple[SampleTaken, ...]:
        """Samples Transaction.Begin: its energy is meterStart."""
        return self._sample("Transaction.Begin", reading, supply, now)

    def periodic(self, reading: Reading | None, supply: Supply, now: Now) -> tuple[SampleTaken, ...]:
        """Samples when due, at every step. Without a fresh reading the sample is left out, never invented."""
        due = self._sampler.due(self._interval_s, now.s)
        if reading is None or not (due or self._eager(reading)):
            return ()
        if not due:
            self._sampler.restart(now.s)
        return self._sample("Sample.Periodic", reading, supply, now)

    def resume(self, reading: Reading, supply: Supply, now: Now) -> tuple[SampleTaken, ...]:
        """Samples out of turn, after a restart: behind what the row still has to send, and for MeterValues
        alone."""
        occasion = replace(self._occasion("Sample.Periodic", reading, now), stop_measurands="")
        return self._take(reading, supply, occasion)

    def sign_of_life(self, reading: Reading | None, now: Now) -> tuple[Remembered, ...]:
        """Leaves one every 5 minutes: it counts as a last sample, and nobody is sent it."""
        if self._signs_at_s is None:
            self._signs_at_s = now.s + EVERY_S
        if reading is None or now.s < self._signs_at_s:
            return ()
        self._signs_at_s = now.s + EVERY_S
        self._last_at = self.not_before_last(now.utc)
        self.least_wh = max(self.least_wh, reading.energy_wh)
        return (Remembered(LIFE, SignOfLife(self._last_at, reading.energy_wh).text(self._row_id)),)

    def _eager(self, reading: Reading) -> bool:
        """Says whether power moved too far to wait (PowerActiveImportDeltaForEagerMeterValueSample)."""
        delta_w = self._configuration.whole("PowerActiveImportDeltaForEagerMeterValueSample")
        if delta_w == 0 or self._interval_s == 0 or self._last_w is None:
            return False
        return abs(reading.power_w - self._last_w) > delta_w

    def aligned(self, taken: Sample) -> tuple[SampleTaken, ...]:
        """Puts a clock-aligned set in its place among the others."""
        return self._keep(replace(taken, at=self.not_before_last(taken.at)))

    def end(self, reading: Reading, meter_stop_wh: int, supply: Supply, now: Now) -> tuple[SampleTaken, ...]:
        """Samples Transaction.End: its energy is meterStop."""
        return self._sample("Transaction.End", _with_energy(reading, meter_stop_wh), supply, now)

    def not_before_last(self, moment: datetime) -> datetime:
        """Dates no stop before the last sample (an OCPP-wide rule of ours), and no sample before another
        or before the start, whatever becomes of the clock.

        What an earlier boot left open ended with its last sign of life, not when the power came back.
        """
        if self.of_earlier_boot:
            return self._last_at
        return max(moment, self._last_at)

    def date(self, now: Now) -> None:
        """Gives dates to what has none: time is known now."""
        self._last_at = now.place(self._last_at)

    def dated(self, moment: datetime) -> datetime:
        """Dates values of this transaction that are sent beside its row, in their place among the others."""
        self._last_at = self.not_before_last(moment)
        return self._last_at

    def _sample(self, context: str, reading: Reading, supply: Supply, now: Now) -> tuple[SampleTaken, ...]:
        return self._take(reading, supply, self._occasion(context, reading, now))

    def _occasion(self, context: str, reading: Reading, now: Now) -> Occasion:
        """OCPP 1.6 9.1 MeterValueSampleInterval 0: no MeterValues; begin and end of transactionData stay."""
        measurands = self._configuration.text("MeterValuesSampledData") if self._interval_s else ""
        begins = context == "Transaction.Begin"
        return Occasion(
            at=self.not_before_last(now.utc),
            context=context,
            measurands=measurands,
            stop_measurands=self._configuration.text("StopTxnSampledData"),
            interval_wh=None if begins else max(0, reading.energy_wh - self._last_wh),
        )

    def _take(self, reading: Reading, supply: Supply, occasion: Occasion) -> tuple[SampleTaken, ...]:
        kept = self._keep(sample(reading, supply, occasion))
        if kept:
            self._last_wh, self._last_w = reading.energy_wh, reading.power_w
        return kept

    def _keep(self, taken: Sample) -> tuple[SampleTaken, ...]:
        if not (taken.measurands or taken.stop_measurands):
            return ()
        self._last_at = taken.at
        self.least_wh = max(self.least_wh, taken.energy_wh)
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        return (SampleTaken(self._row_id, seq, taken),)


def _with_energy(reading: Reading, energy_wh: int) -> Reading:
    return msgspec.structs.replace(reading, energy_wh=energy_wh)


class Sampler:
    """Says when the next Sample.Periodic of the running transaction is due."""

    def __init__(self, interval_s: int, started_s: float) -> None:
        self._interval_s = interval_s
        self._next_s = started_s + interval_s

    @classmethod
    def resumed(cls, interval_s: int, started_at: datetime, utc: datetime, now_s: float) -> Sampler:
        """Continues after a restart in the phase of the stored start of the transaction."""
        elapsed_s = max(0.0, (utc - started_at).total_seconds())
        return cls(interval_s, now_s - (elapsed_s % interval_s if interval_s else 0.0))

    def restart(self, now_s: float) -> None:
        """Counts the interval from now: a sample was taken out of turn."""
        self._next_s = now_s + self._interval_s

    def due(self, interval_s: int, now_s: float) -> bool:
        """Says at every step whether one is due; a changed interval counts from now, 0 is never."""
        if interval_s != self._interval_s:
            self._interval_s, self._next_s = interval_s, now_s + interval_s
        if interval_s == 0 or now_s < self._next_s:
            return False
        missed = int((now_s - self._next_s) // interval_s)
        self._next_s += (missed + 1) * interval_s
        return True

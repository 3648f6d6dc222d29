"""OCPP 1.6 9.1 ClockAlignedDataInterval: values at the same moments everywhere, counted from UTC midnight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge.core.box_view import BoxView
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now, is_dated
from bridge.core.reporting.meter_values import Occasion, sample
from bridge.core.rows import Sample
from hal.contract import FRESH_S

DAY_S = 86_400
LATE_S = FRESH_S  # a step that comes later than this has missed the instant: its numbers are of another time


def instant_before(utc: datetime, interval_s: int) -> datetime:
    """Returns the last aligned instant that is not after `utc`. The interval divides a day."""
    midnight = utc.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    whole_s = (utc - midnight) // timedelta(seconds=1)
    return midnight + timedelta(seconds=whole_s - whole_s % interval_s)


@dataclass(slots=True)
class ClockAligned:
    """The next clock-aligned time. Call it at every step: a missed time is left out, and none comes twice."""

    _interval_s: int = 0
    _last: datetime | None = None  # the last instant that is over
    _last_wh: int | None = None  # the register then; None: it was not read

    def step(self, configuration: Configuration, box: BoxView, now: Now) -> Sample | None:
        """Returns the values of an instant that has just come, for MeterValues, for transactionData, for
        both or for neither; in the last case, and without a fresh reading, there are none."""
        instant = self.due(configuration.whole("ClockAlignedDataInterval"), now.utc)
        if instant is None:
            return None
        reading, before_wh = box.fresh_reading(now.s), self._last_wh
        self._last_wh = reading.energy_wh if reading is not None else None
        if reading is None:
            return None
        occasion = Occasion(
            at=instant,
            context="Sample.Clock",
            measurands=configuration.text("MeterValuesAlignedData"),
            stop_measurands=configuration.text("StopTxnAlignedData"),
            interval_wh=reading.energy_wh - before_wh if before_wh is not None else None,
        )
        return sample(reading, box.supply, occasion)

    def due(self, interval_s: int, utc: datetime) -> datetime | None:
        """Returns the instant whose values are to be taken now. 0, and while nobody knows the time: none."""
        if interval_s == 0 or not is_dated(utc):
            self._last = self._last_wh = None
            return None
        instant, last = instant_before(utc, interval_s), self._last
        began = last is None or interval_s != self._interval_s
        self._interval_s, self._last = interval_s, instant
        if began or instant == last:
            self._last_wh = None if began else self._last_wh
            return None
        in_time = utc - instant <= timedelta(seconds=LATE_S)
        follows = last is not None and instant - last == timedelta(seconds=interval_s)
        if not (in_time and follows):
            self._last_wh = None  # the energy since then is of no interval
        return instant if in_time and last is not None and instant > last else None

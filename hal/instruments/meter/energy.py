"""PURE: from a meter's register to the one count that OCPP sees, which never runs back."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from hal.configuration.meter_map import MeterMap
from hal.instruments.meter.registers import ImplausibleError

INT32_MAX = 2_147_483_647  # OCPP 1.6 6.45 and 6.49: meterStart and meterStop are integers of 32 bits
_FIRST_TOTAL_WH = 10**9  # a count above begins without its GWh: room for 5 years of 22 kW without a pause
# EN 50160: +10 % of voltage, and supervision lets 10 % of over-current pass for a while.
_POWER_MARGIN = 1.25
_REFRESH_S = 15.0  # meters renew their register each second or few
# Without readings the bridge offers nothing after 60 s, a contactor under load opens 6 s later, and the count
# on the disk may be KEEP_S old: in three minutes all energy that nobody saw has flowed.
_UNSEEN_S = 180.0
KEEP_S = 60.0  # energy that flows is written to disk no more often
_IDLE_W = 100.0  # below this nobody charges

_RANGES = {"int16": 1 << 15, "uint16": 1 << 16, "int32": 1 << 31, "uint32": 1 << 32,
           "int64": 1 << 63, "uint64": 1 << 64}  # fmt: skip


class StoredCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The count of energy as it is stored."""

    model: str
    serial: str | None  # None: the meter tells none
    replaced: int  # meter.replaced of wallbox.toml when it was counted
    register_wh: int  # highest seen
    offset_wh: int  # the count is register + offset

    @property
    def total_wh(self) -> int:
        """Returns the count that OCPP saw last."""
        return self.register_wh + self.offset_wh


@dataclass(frozen=True, slots=True)
class Installed:
    """The settings of wallbox.toml that the count depends on."""

    model: str
    replaced: int
    max_power_w: float  # that the fuse lets through
    step_wh: int
    rolls_over_wh: int | None
    settle_s: float = 0.0  # a register that is new here is believed after so long


class WakingError(Exception):
    """The register of a meter that is new here is not believed yet; the text says until when."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A register that is new here: it may be that of a meter that is just waking."""

    since_s: float  # the readings agree since then
    register_wh: int
    serial: str | None
    at_s: float


@dataclass(frozen=True, slots=True)
class Counted:
    """One reading, counted; `note` says what happened to the count."""

    total_wh: int
    note: str | None = None


def rolls_over_wh(meter_map: MeterMap) -> int | None:
    """Says where the energy register begins at 0 again; None when that is not known."""
    if meter_map.rolls_over_wh is not None:
        return meter_map.rolls_over_wh
    values = _RANGES.get(meter_map.type_of(meter_map.energy))
    return None if values is None else round(values * meter_map.energy.scale)


class EnergyAccount:
    """Counts the energy of one place, whatever meter hangs there."""

    def __init__(self, installed: Installed, stored: StoredCount | None) -> None:
        self._installed = installed
        self._counted_s: float | None = None
        self._candidate: _Candidate | None = None
        self.stored = stored

    def count(self, register_wh: int, serial: str | None, now_s: float) -> Counted:
        """Returns the count after this reading. Raises ImplausibleError, and WakingError for a meter that is
        new here; what it refuses does not count."""
        last = self.stored
        why = None if last is None else self._replaced(last, serial)
        if last is None or why:
            self._settle(register_wh, serial, now_s)
        if last is None:
            counted, stored = self._first(register_wh, serial)
        elif why:
            stored = self._meter(serial, register_wh, last.total_wh - register_wh)
            counted = Counted(last.total_wh, f"{why}; the count goes on at {last.total_wh} Wh")
        else:
            counted, stored = self._next(last, register_wh, serial, now_s)
        if counted.total_wh > INT32_MAX:
            raise ImplausibleError(f"energy = {counted.total_wh} Wh: OCPP counts to {INT32_MAX} Wh")
        self.stored, self._counted_s, self._candidate = stored, now_s, None
        return counted

    def _settle(self, register_wh: int, serial: str | None, now_s: float) -> None:
        """Raises WakingError until the readings have agreed for long enough: a meter that is just waking
        shows 0, or anything."""
        since_s = now_s
        if (before := self._candidate) is not None and self._agree(before, register_wh, serial, now_s):
            since_s = before.since_s
        self._candidate = _Candidate(since_s, register_wh, serial, now_s)
        if now_s - since_s < self._installed.settle_s:
            raise WakingError(
                f"the meter is new here: its count begins when its readings have agreed for "
                f"{self._installed.settle_s:g} s"
            )

    def _agree(self, before: _Candidate, register_wh: int, serial: str | None, now_s: float) -> bool:
        same = None in (before.serial, serial) or before.serial == serial
        more_wh = register_wh - before.register_wh
        return same and -self._installed.step_wh <= more_wh <= self._through_wh(now_s - before.at_s)

    def _first(self, register_wh: int, serial: str | None) -> tuple[Counted, StoredCount]:
        stored = self._meter(serial, register_wh, -(register_wh // _FIRST_TOTAL_WH) * _FIRST_TOTAL_WH)
        return Counted(stored.total_wh), stored

    def _replaced(self, last: StoredCount, serial: str | None) -> str | None:
        installed = self._installed
        if last.model != installed.model:
            return f"the meter is now a {installed.model}, a {last.model} before"
        if last.replaced != installed.replaced:
            return f"meter.replaced is now {installed.replaced}, {last.replaced} before"
        if serial is not None and last.serial is not None and serial != last.serial:
            return f"the meter is now number {serial}, {last.serial} before"
        return None

    def _next(
        self, last: StoredCount, register_wh: int, serial: str | None, now_s: float
    ) -> tuple[Counted, StoredCount]:
        more_wh = register_wh - last.register_wh
        possible_wh = self._possible_wh(now_s)
        offset_wh, note = last.offset_wh, None
        if -self._installed.step_wh <= more_wh < 0:
            register_wh = last.register_wh  # the register's last digit
        elif more_wh < 0:
            around_wh = self._installed.rolls_over_wh
            if around_wh is None or not 0 <= more_wh + around_wh <= possible_wh:
                raise ImplausibleError(_ran_back(register_wh, last.register_wh))
            offset_wh, note = offset_wh + around_wh, f"the register began at 0 again, {around_wh} Wh"
        elif more_wh > possible_wh:
            raise ImplausibleError(_jumped(register_wh, last.register_wh, possible_wh))
        stored = self._meter(serial or last.serial, register_wh, offset_wh)
        return Counted(stored.total_wh, note), stored

    def _possible_wh(self, now_s: float) -> float:
        """Returns what the fuse can have let through since the last reading."""
        return self._through_wh(
            _UNSEEN_S if self._counted_s is None else min(now_s - self._counted_s, _UNSEEN_S)
        )

    def _through_wh(self, unseen_s: float) -> float:
        power_w = self._installed.max_power_w * _POWER_MARGIN
        return power_w * (unseen_s + _REFRESH_S) / 3600 + self._installed.step_wh

    def _meter(self, serial: str | None, register_wh: int, offset_wh: int) -> StoredCount:
        return StoredCount(self._installed.model, serial, self._installed.replaced, register_wh, offset_wh)


class WriteTime:
    """Says when to write the count: at once for another meter, after charging, and each minute while
    charging."""

    def __init__(self, stored: StoredCount | None) -> None:
        self._written = stored
        self._written_s = -KEEP_S

    def due(self, stored: StoredCount, power_w: float, now_s: float) -> bool:
        """Is True when it is to be written now, and `wrote` to be called."""
        written = self._written
        if written is None or msgspec.structs.replace(stored, register_wh=written.register_wh) != written:
            return True
        is_new = stored.register_wh != written.register_wh
        return is_new and (power_w < _IDLE_W or now_s - self._written_s >= KEEP_S)

    def wrote(self, stored: StoredCount, now_s: float) -> None:
        """Notes that it is on disk."""
        self._written, self._written_s = stored, now_s


def _ran_back(register_wh: int, last_wh: int) -> str:
    return f"energy = {register_wh} Wh: ran back, {last_wh} before; {_IF_REPLACED}"


def _jumped(register_wh: int, last_wh: int, possible_wh: float) -> str:
    return (
        f"energy = {register_wh} Wh: jumped, {last_wh} before and at most {possible_wh:.0f} Wh possible since"
        f"; {_IF_REPLACED}"
    )


_IF_REPLACED = "if the meter was replaced or reset, count meter.replaced in wallbox.toml up by one"

"""PURE: notices a meter that is wired the other way round, or does not count: 0 Wh would be billed.

It judges only while the contactor is closed and a current flows; in between its last verdict stands. Nothing
here refuses a reading: the charge goes on, and its owner learns why it is not billed.
"""

from __future__ import annotations

from hal.contract import Reading

_FLOWS_A = 1.0  # less is a car that waits: its filters draw some tenths of an ampere, in either direction
_CHARGES_A = 5.0  # at 6 A and more the power factor of a charger is near 1; below it may be any
_HALF = 0.5  # one phase of three turned round leaves a third of the power, two leave less than nothing
_WRONG_S = 20.0  # so that it is reported within 30 s
_STEPS = 3  # of the register, that should have come
_STANDS_S = 30.0  # and at least so long: meters renew their register each second or few
_GAP_S = 10.0  # between two readings: nobody knows what flowed in a longer one

_TURNED = "the meter is wired the other way round: let an electrician swap its supply and load side"
_PHASE = "a phase of the meter is wired the other way round, or power has a wrong scale in [meter.map]"
_STANDS = "the meter does not count: is it wired the other way round, or is its energy register another one?"


class _Claim:
    """A claim that is believed, or no longer, once it was so for a time without a gap."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._now: bool | None = None
        self._since_s = 0.0
        self.believed = False

    def feed(self, claimed: bool, now_s: float) -> None:
        """Takes what the claim is now."""
        if claimed is not self._now:
            self._now, self._since_s = claimed, now_s
        if now_s - self._since_s >= self._after_s:
            self.believed = claimed

    def look_away(self) -> None:
        """Begins anew with the next; what is believed stays so."""
        self._now = None


class Direction:
    """Judges the readings of one meter; `verdict` says in words what is wrong, empty: nothing.

    Whoever knows the contactor keeps `contactor_closed` up to date.
    """

    def __init__(self, step_wh: int) -> None:
        """Takes the register's resolution."""
        self.contactor_closed = False
        self._step_wh = step_wh
        self._negative = _Claim(_WRONG_S)
        self._halved = _Claim(_WRONG_S)
        self._last: Reading | None = None  # with a flowing current
        self._due_wh = self._waited_s = 0.0  # since the register moved, while a current flowed
        self._power_w = self._apparent_va = 0.0
        self._stands = False

    def feed(self, measured: Reading) -> str:
        """Takes a reading with the register's energy and the sign of its power; returns the verdict."""
        if self.contactor_closed and max(measured.current_a) >= _FLOWS_A:
            self._judge(measured)
        else:
            self._negative.look_away()
            self._halved.look_away()
            self._last = None
        return self.verdict

    @property
    def verdict(self) -> str:
        """Says what is wrong, and what to do."""
        measured = f"power = {self._power_w:.0f} W at {self._apparent_va:.0f} VA while a current flows"
        if self._negative.believed:
            return f"{measured}; {_TURNED}"
        if self._halved.believed:
            return f"{measured}; {_PHASE}"
        if self._stands:
            return f"energy stands although {self._due_wh:.0f} Wh have flowed; {_STANDS}"
        return ""

    def _judge(self, measured: Reading) -> None:
        volt_amperes = zip(measured.voltage_v, measured.current_a, strict=True)
        self._power_w, self._apparent_va = measured.power_w, sum(volts * amps for volts, amps in volt_amperes)
        self._negative.feed(self._power_w < 0, measured.at_s)
        if max(measured.current_a) >= _CHARGES_A:
            self._halved.feed(self._power_w < _HALF * self._apparent_va, measured.at_s)
        else:
            self._halved.look_away()
        self._judge_register(measured)

    def _judge_register(self, measured: Reading) -> None:
        last, self._last = self._last, measured
        if last is None:
            return
        if measured.energy_wh != last.energy_wh:
            self._due_wh = self._waited_s = 0.0
            self._stands = False
            return
        passed_s = min(measured.at_s - last.at_s, _GAP_S)
        self._waited_s += passed_s
        self._due_wh += abs(measured.power_w) * passed_s / 3600
        if self._due_wh >= _STEPS * self._step_wh and self._waited_s >= _STANDS_S:
            self._stands = True

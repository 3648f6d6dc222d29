"""PURE: the current limit from the temperature of the contacts, known or not."""

from __future__ import annotations

from collections.abc import Iterator

from hal.contract import LOST_PAUSE_S
from hal.core.control_pilot.levels import LEAST_A
from hal.core.rules import BoxRules
from hal.core.steady import passed
from hal.core.supervision.loss import Loss

COOLER_K = 5.0  # after a stop the contacts must be this much below stop_at_c
AT_ONCE_K = 5.0  # this much above it there is no time to let the car open S2 first


class Thermal:
    """`limit_a` is None for a box without thermometer."""

    def __init__(self, rules: BoxRules, now_s: float) -> None:
        self.limit_a: float | None = None
        self._rules = rules
        self._heat_a = rules.installation_max_a  # by the last value
        self._contacts_c: float | None = None
        self._stopped = False
        self._felt = False
        self._loss = Loss(now_s)

    def feed(self, contacts_c: float | None, now_s: float) -> None:
        """Judges a fresh value or none: all amps up to derate_from_c, falling to 6 A at stop_at_c, then 0."""
        self._contacts_c = contacts_c
        self._loss.feed(contacts_c is not None, now_s)
        if contacts_c is not None:
            self._felt = True
            self._heat_a = self._by_heat_a(contacts_c)
        if self._felt or self._rules.has_thermometer:
            self.limit_a = min(self._heat_a, self._by_loss_a(now_s))

    def causes(self, *, commanded: bool, now_s: float) -> Iterator[str]:
        """Yields the causes now; a stop at stop_at_c waits until the car or 6 s have opened the contactor."""
        contacts_c, rules = self._contacts_c, self._rules
        if contacts_c is not None and contacts_c >= rules.derate_from_c:
            yield "over_temperature"
        at_once = contacts_c is not None and contacts_c >= rules.stop_at_c + AT_ONCE_K
        if at_once or (self._stopped and not commanded):
            yield "overheated"
        if rules.has_thermometer and self._loss.lost(now_s):
            yield "thermometer_lost"

    def _by_heat_a(self, contacts_c: float) -> float:
        rules = self._rules
        self._stopped = contacts_c >= rules.stop_at_c - (COOLER_K if self._stopped else 0.0)
        share = (rules.stop_at_c - contacts_c) / (rules.stop_at_c - rules.derate_from_c)
        falling_a = LEAST_A + (rules.installation_max_a - LEAST_A) * min(1.0, share)
        return 0.0 if self._stopped else falling_a

    def _by_loss_a(self, now_s: float) -> float:
        since_s = self._loss.since_s
        if not self._rules.has_thermometer or since_s is None:
            return self._rules.installation_max_a
        return 0.0 if passed(since_s, LOST_PAUSE_S, now_s) else LEAST_A

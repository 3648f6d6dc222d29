"""PURE: how far the judged volts stay from the edges of `hal.core`, the worst of many boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hal.core.control_pilot.levels import (
    A_ABOVE_V,
    C_BEGINS_FROM_V,
    C_BEGINS_TO_V,
    C_ENDS_ABOVE_V,
    C_ENDS_AT_V,
    E_AT_V,
    LOW_FROM_V,
    LOW_TO_V,
    TOO_HIGH_V,
)
from tests.circuit.campaign import OFFERS, Case
from tests.circuit.draws import State
from tests.circuit.shown import shown

# [offer as text][name of the limit or of the error] -> volts; see `summary`.
Table = dict[str, dict[str, float]]
DIVIDERS = ("0.1 %", "1 %, set")


@dataclass(frozen=True)
class Limit:
    """One edge that one state must keep clear of. `whole_v`: the end of the state's band in the standard.

    Bands of IEC 61851-1 Table A.4, at second hand: A 11 to 13, B 8 to 10, C 5 to 7, D 2 to 4 V.
    """

    name: str
    state: State
    edge_v: float
    above: bool
    whole_v: float | None = None
    low_side: bool = False


LIMITS = (
    Limit("A is not taken for B", "A", A_ABOVE_V, above=True, whole_v=11.0),
    Limit("A is not called too high", "A", TOO_HIGH_V, above=False, whole_v=13.0),
    Limit("B is not taken for A", "B", A_ABOVE_V, above=False, whole_v=10.0),
    Limit("B ends C", "B", C_ENDS_ABOVE_V, above=True, whole_v=8.0),
    Limit("C stays: not taken for B", "C", C_ENDS_ABOVE_V, above=False, whole_v=7.0),
    Limit("C stays: not taken for D", "C", C_ENDS_AT_V, above=True, whole_v=5.0),
    Limit("C begins: not taken for B", "C", C_BEGINS_TO_V, above=False, whole_v=7.0),
    Limit("C begins: not taken for D", "C", C_BEGINS_FROM_V, above=True, whole_v=5.0),
    Limit("D ends C", "D", C_ENDS_AT_V, above=False, whole_v=4.0),
    Limit("D is not taken for E", "D", E_AT_V, above=True, whole_v=2.0),
    Limit("E, a short of up to 100 Ω", "E", E_AT_V, above=False),
    Limit("low side with a diode: low enough", "C", LOW_TO_V, above=False, low_side=True),
    Limit("low side with a diode: not too low", "C", LOW_FROM_V, above=True, low_side=True),
)


def summary(cases: Iterable[Case]) -> dict[str, Table]:
    """By divider: the least margin of real cars, of whole bands (`whole ...`), the worst error of a state."""
    found: dict[str, Table] = {divider: {str(offer): {} for offer in OFFERS} for divider in DIVIDERS}
    for case in cases:
        row = found[DIVIDERS[0] if case.box.precise else DIVIDERS[1]][str(case.offer)]
        for name, margin_v in _margins(case):
            row[name] = min(row.get(name, margin_v), margin_v)
        error = f"error {case.box.state}"
        row[error] = max(row.get(error, 0.0), error_v(case))
    return found


def _margins(case: Case) -> Iterator[tuple[str, float]]:
    for limit in LIMITS:
        if limit.state != case.box.state or (limit.low_side and case.offer == "x1"):
            continue
        yield limit.name, _margin_v(limit, case, None)
        if limit.whole_v is not None:
            yield f"whole {limit.name}", _margin_v(limit, case, limit.whole_v)


def _margin_v(limit: Limit, case: Case, pilot_v: float | None) -> float:
    """With the pilot where this box has it, or where `pilot_v` would have it, read with this box's error."""
    judged = shown(case.box, case.volts, case.offer)
    least_v, _, most_v = judged.low_v if limit.low_side else judged.high_v
    moved_v = 0.0 if pilot_v is None else pilot_v - case.volts.pilot_high_v
    return least_v + moved_v - limit.edge_v if limit.above else limit.edge_v - most_v - moved_v


def error_v(case: Case) -> float:
    """The greatest difference between what is judged and what stands on the pilot in its high half-wave."""
    least_v, _, most_v = shown(case.box, case.volts, case.offer).high_v
    return max(most_v - case.volts.pilot_high_v, case.volts.pilot_high_v - least_v)

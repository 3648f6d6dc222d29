"""PURE: judges whether the session of the demo was right: evidence in, findings out."""

from __future__ import annotations

from dataclasses import dataclass

REGISTER_STEP_WH = 10  # SDM630: its import register has steps of 0.01 kWh
# Start and stop are each read up to a step too low; 1 Wh for the rounding of OCPP's integers.
TOLERANCE_WH = 1 + 2 * REGISTER_STEP_WH
LEAST_WH = 1000
STATUSES = ("Available", "Preparing", "Charging", "Finishing", "Available")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What car, Central System and PWM chip recorded of the whole session."""

    # Of each transaction of the Central System, meterStop - meterStart; None: not stopped exactly once.
    billed_wh: tuple[int | None, ...]
    received_wh: float  # the car's own ledger
    statuses: tuple[str, ...]  # sent of connector 1, repetitions included
    frames: int  # in both directions
    violations: tuple[str, ...]  # of the OCPP 1.6 schemas and the rules of OCPP-J, by either side
    pwm_violations: tuple[str, ...]  # seen by the mock's PWM chip


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the verdict, right or wrong."""

    what: str
    found: str
    wanted: str
    ok: bool


def verdict(evidence: Evidence) -> tuple[Finding, ...]:
    """Returns all findings, also those that are fine; the session was right if every one is."""
    statuses = _from_last_start(evidence.statuses)
    return (
        *_energy(evidence),
        Finding("statuses", ", ".join(statuses), ", ".join(STATUSES), statuses == STATUSES),
        Finding(
            "OCPP frames",
            f"{evidence.frames} judged, {_violations(evidence.violations)}",
            "no violation",
            evidence.frames > 0 and not evidence.violations,
        ),
        Finding(
            "pilot's PWM", _violations(evidence.pwm_violations), "no violation", not evidence.pwm_violations
        ),
    )


def _energy(evidence: Evidence) -> tuple[Finding, ...]:
    if len(evidence.billed_wh) != 1 or evidence.billed_wh[0] is None:
        stopped = sum(billed is not None for billed in evidence.billed_wh)
        found = f"{len(evidence.billed_wh)} started, {stopped} stopped once"
        return (Finding("transactions", found, "1 started, 1 stopped once", ok=False),)
    billed_wh = evidence.billed_wh[0]
    apart_wh = abs(billed_wh - evidence.received_wh)
    return (
        Finding("transactions", "1 started, 1 stopped once", "1 started, 1 stopped once", ok=True),
        Finding("energy billed", f"{billed_wh} Wh", f"at least {LEAST_WH} Wh", billed_wh >= LEAST_WH),
        Finding(
            "energy the car received",
            f"{evidence.received_wh:.1f} Wh: {apart_wh:.1f} Wh apart",
            f"at most {TOLERANCE_WH} Wh apart",
            apart_wh <= TOLERANCE_WH,
        ),
    )


def _from_last_start(statuses: tuple[str, ...]) -> tuple[str, ...]:
    """Drops repeated Available before a car comes: another errorCode, or another connection."""
    while statuses[:2] == ("Available", "Available"):
        statuses = statuses[1:]
    return statuses


def _violations(found: tuple[str, ...]) -> str:
    if not found:
        return "no violation"
    return f"{len(found)} violation{'s' * (len(found) > 1)}: {'; '.join(found)}"

"""PURE: what one language needs to say every reason, remedy and state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.contract import Clears


@dataclass(frozen=True, slots=True)
class Tongue:
    """The texts of one language. `{name}` in a text is a value; what stands in `[ ]` is left out while one of
    its values is not known."""

    reasons: Mapping[str, str]  # by Reason.id: a whole sentence
    remedies: Mapping[str, str]  # by the name of the remedy's class: whole sentences
    limits: Mapping[str, str]  # who sets a limit, by Limit.name; others are named as they are
    refusals: Mapping[str, str]  # by Refusal.why; others are said as they are
    endings: Mapping[str, str]  # by OCPP's Reason
    standings: Mapping[str, str]  # of the registration
    lacks: Mapping[str, str]  # by the conditions of Status.withheld_by that need a person
    faults: Mapping[str, tuple[str, str]]  # by Fault.id: what it means, what to do
    clears: Mapping[Clears, str]
    unknown_fault: str  # what to do about one that this version does not know
    statuses: Mapping[str, str]  # by ChargePointStatus: the state in one big sentence
    charging: str  # the same while current flows
    labels: Mapping[str, str]  # of the lines of `evse-bridge status`
    day: str  # a moment of another day
    tomorrow: str
    decimal: str  # the mark between 1 and 5 in 1.5

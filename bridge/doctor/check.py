"""PURE: one line of the doctor's examination, and all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Result = Literal["ok", "warning", "fault", "not checked"]
RESULTS: tuple[Result, ...] = ("fault", "warning", "not checked", "ok")  # the gravest first

TOPICS = {  # the first part of a check's id -> its heading
    "configuration": "Configuration",
    "programs": "Programs",
    "box": "Pilot, cable, protection, contactor",
    "senses": "Meter, card reader, lamp, temperatures",
    "machine": "Machine",
    "central_system": "Central System",
}


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check."""

    id: str  # topic.name; stays the same from version to version
    what: str
    result: Result
    measured: str  # what was seen; why not, if it was not checked
    expected: str = ""
    do: str = ""  # always there with a fault or a warning
    values: Mapping[str, float] = field(default_factory=dict)  # numbers by name, with their unit at the end

    @property
    def topic(self) -> str:
        """Returns the heading it stands under."""
        return TOPICS[self.id.partition(".")[0]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked, and which value is right; makes the Check from the measured value."""

    id: str
    what: str
    expected: str = ""

    def ok(self, measured: str, values: Mapping[str, float] | None = None) -> Check:
        """Makes a check of what is as it should be."""
        return self._check("ok", measured, "", values)

    def warning(self, measured: str, do: str, values: Mapping[str, float] | None = None) -> Check:
        """Makes a check of what works, yet somebody should look at it."""
        return self._check("warning", measured, do, values)

    def fault(self, measured: str, do: str, values: Mapping[str, float] | None = None) -> Check:
        """Makes a check of what does not work, or not safely."""
        return self._check("fault", measured, do, values)

    def not_checked(self, why: str, do: str = "") -> Check:
        """Makes the check whose result is unknown, and says why."""
        return self._check("not checked", why, do, None)

    def _check(self, result: Result, measured: str, do: str, values: Mapping[str, float] | None) -> Check:
        return Check(self.id, self.what, result, measured, self.expected, do, values or {})


@dataclass(frozen=True, slots=True)
class Patient:
    """The examined box, as far as it is known."""

    mock: bool
    software: str  # of the doctor
    box_serial: str | None = None
    facts: tuple[str, ...] = ()  # of wallbox.toml
    charge_point: str | None = None
    central_system: str | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """The results of a whole examination."""

    at: datetime  # with a zone
    patient: Patient
    checks: tuple[Check, ...]

    def count(self, result: Result) -> int:
        """Counts how many ended so."""
        return Counter(check.result for check in self.checks)[result]

    @property
    def result(self) -> Result:
        """Returns the gravest of all; what was not checked does not count."""
        return "fault" if self.count("fault") else "warning" if self.count("warning") else "ok"

    @property
    def exit_code(self) -> int:
        """Returns 0 for all ok or warnings, 1 for a fault, 2 for a wrong configuration."""
        faults = [check.id for check in self.checks if check.result == "fault"]
        if any(name.startswith("configuration.") for name in faults):
            return 2
        return 1 if faults else 0

    @property
    def summary(self) -> str:
        """Writes `2 faults, 1 warning, 3 not checked, 20 ok`."""
        words = {"fault": "fault", "warning": "warning"}
        parts = []
        for result in RESULTS:
            count = self.count(result)
            plural = "s" if result in words and count > 1 else ""
            if count or result == "fault":
                parts.append(f"{count or 'no'} {result}{plural}")
        return ", ".join(parts)

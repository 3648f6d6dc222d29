"""PURE: an examination for other programs, as docs/doctor.md describes it."""

from __future__ import annotations

import json

from bridge.doctor.check import Check, Examination

FORMAT = 1  # counts up when a field changes its meaning or goes; not when one comes


def text(examination: Examination) -> str:
    """Writes one JSON object over several lines."""
    patient = examination.patient
    whole = {
        "format": FORMAT,
        "mock": patient.mock,
        "at": examination.at.isoformat(timespec="seconds"),
        "software": patient.software,
        "box_serial": patient.box_serial,
        "box_facts": list(patient.facts),
        "charge_point": patient.charge_point,
        "central_system": patient.central_system,
        "result": examination.result,
        "exit_code": examination.exit_code,
        "checks": [_check(check) for check in examination.checks],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _check(check: Check) -> dict[str, object]:
    return {
        "id": check.id,
        "topic": check.topic,
        "what": check.what,
        "result": check.result,
        "measured": check.measured,
        "expected": check.expected,
        "do": check.do,
        "values": dict(check.values),
    }

"""The way to the Central System of a draft, tried now."""

from __future__ import annotations

from pathlib import Path

from bridge import settings
from bridge.doctor.check import Check
from bridge.doctor.proc import running_programs
from bridge.doctor.route import Route
from bridge.setup.draft import CHARGE_POINT, Draft
from hal.configuration.file import parse


def route(draft: Draft, config_dir: Path, runtime_dir: Path) -> list[Check]:
    """Tests name, TCP, TLS and OCPP. A running bridge's own connection is left alone."""
    report = draft.report(CHARGE_POINT)
    if report.faults:
        return []
    setup = parse(report.text.encode, settings.ChargePoint, file=settings.FILE_NAME)
    bridge = running_programs(runtime_dir).get("bridge")
    return list(Route(setup, bridge, None, config_dir).checks())

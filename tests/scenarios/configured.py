"""What a scenario says of the configuration, for the pure world."""

from __future__ import annotations

from bridge import settings
from tests.scenarios.script import Mode, Scenario


def setup_of(scenario: Scenario, mode: Mode) -> settings.ChargePoint:
    """charge-point.toml of that scenario."""
    said = scenario.settings
    return settings.ChargePoint(
        central_system=settings.CentralSystem(
            url="ws://127.0.0.1:9000/ocpp",
            accept_before_registration=said.get("central_system.accept_before_registration") == "true",
            password=said.get("central_system.password", ""),
        ),
        charge_point=settings.Nameplate(id="MOCK0001", serial_number="MOCK0001"),
        zaptec=settings.Zaptec(
            mode=mode, authorization_required=said.get("zaptec.authorization_required") != "false"
        ),
        ocpp=settings.Ocpp(keys=dict(scenario.keys)),
        fallback=settings.Fallback(
            central_system_lost_after_s=float(said.get("fallback.central_system_lost_after_s", 0)),
            central_system_lost_limit_a=float(said.get("fallback.central_system_lost_limit_a", 6)),
        ),
        firmware=settings.Firmware(
            source="" if said.get("firmware.source") == "none" else "https://updates.example/box.tar",
            allow_older=said.get("firmware.allow_older") == "true",
        ),
    )

"""What a scenario says of the configuration, for the pure world. It may have a house meter."""

from __future__ import annotations

from bridge import settings
from hal.contract import House, Phases
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
        solar=settings.Solar(
            surplus=said.get("solar.surplus") == "true",
            min_on_s=float(said.get("solar.min_on_s", 600)),
            min_off_s=float(said.get("solar.min_off_s", 300)),
        ),
        firmware=settings.Firmware(
            source="" if said.get("firmware.source") == "none" else "https://updates.example/box.tar",
            allow_older=said.get("firmware.allow_older") == "true",
        ),
    )


def house_of(scenario: Scenario) -> House | None:
    """[house] of wallbox.toml."""
    said = scenario.settings
    if "house.fuse_a" not in said:
        return None
    return House(float(said["house.fuse_a"]), float(said.get("house.when_quiet_a", 6)), phases=3)


def dimming_of(scenario: Scenario) -> float | None:
    """[dimming] of wallbox.toml."""
    limit_w = scenario.settings.get("dimming.limit_w")
    return None if limit_w is None else float(limit_w)


def loads_of(text: str) -> Phases:
    """`10` for each phase, or `10,5,0`. Raises ValueError."""
    each = [float(part) for part in text.split(",")]
    l1, l2, l3 = each * 3 if len(each) == 1 else each
    return (l1, l2, l3)

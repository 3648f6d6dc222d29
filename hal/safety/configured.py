"""The rules of the core from wallbox.toml, and the declared facts of the box."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from hal import contract
from hal.configuration.sections import TemperatureSettings, Wallbox
from hal.configuration.wallbox_file import declared_facts
from hal.core.rules import BoxRules, LockRules

_LATE_LIMIT_MOCK_S = 1.0  # an ordinary priority on a busy machine; no current flows
_LATE_SHARE_MOCK_S = 0.15  # likewise
_FASTER_ON_A_MOCK_BOX = (
    "min_off_s",
    "after_fault_s",
    "max_closings",
    "closings_window_s",
    "starts_for_person",
    "late_limit_s",
)
_SERIAL_NUMBER = Path("/sys/firmware/devicetree/base/serial-number")  # of a Pi, with a NUL at its end


def rules_of(box: Wallbox, *, mock: bool, fifo: bool) -> BoxRules:
    """Returns the rules. A real box never gets the longer late limit, whatever its priority."""
    contactor, temperature = box.contactor, box.temperature or TemperatureSettings()
    rules = BoxRules(
        socket=box.cable.kind == "socket",
        installation_max_a=box.installation.max_current_a,
        fixed_cable_rating_a=box.cable.rating_a,
        hold_s=box.pilot.hold_s,
        min_off_s=contactor.min_off_s,
        after_fault_s=contactor.after_fault_s,
        max_closings=contactor.max_closings,
        closings_window_s=contactor.closings_window_s,
        fault_f_s=box.pilot.fault_f_s,
        derate_from_c=temperature.derate_from_c,
        stop_at_c=temperature.stop_at_c,
        starts_for_person=contactor.starts_for_person,
        has_thermometer=box.temperature is not None,
        has_cp_relay=box.pilot.connect_pin is not None,
        has_rcm_test=box.rcm is not None and box.rcm.test_pin is not None,
        has_watchdog_line=box.contactor.watchdog_pin is not None,
        stop_kind=box.stop.kind if box.stop else "stop",
        lock=_lock_rules(box),
    )
    if fifo or not mock:
        return rules
    return replace(rules, late_limit_s=_LATE_LIMIT_MOCK_S, late_share_s=_LATE_SHARE_MOCK_S)


def _lock_rules(box: Wallbox) -> LockRules:
    if box.lock is None:
        return LockRules()
    return LockRules(
        pulse_s=box.lock.pulse_s,
        retries=box.lock.retries,
        retry_wait_s=box.lock.retry_wait_s,
        moves_per_minute=box.lock.moves_per_minute,
    )


def notes_of(box: Wallbox, rules: BoxRules) -> tuple[str, ...]:
    """Returns the declared facts for `Status.notes`, and what is looser than on a real box."""
    return (*declared_facts(box), *_loosened(rules))


def _loosened(rules: BoxRules) -> list[str]:
    usual = BoxRules(socket=rules.socket, installation_max_a=rules.installation_max_a)
    pairs = {name: (getattr(rules, name), getattr(usual, name)) for name in _FASTER_ON_A_MOCK_BOX}
    pairs["lock.retry_wait_s"] = rules.lock.retry_wait_s, usual.lock.retry_wait_s
    return [f"mock box: {name} = {now:g}, not {real:g}" for name, (now, real) in pairs.items() if now != real]


def box_of(box: Wallbox, *, mock: bool) -> contract.Box:
    """Returns what each client is sent once."""
    return contract.Box(
        version=contract.VERSION,
        phases=box.installation.phases,
        nominal_voltage_v=box.installation.nominal_voltage_v,
        socket=box.cable.kind == "socket",
        installation_max_a=box.installation.max_current_a,
        mock=mock,
        software=version("evse-bridge"),
        serial="MOCK00000001" if mock else _serial_number(),
        house=_house(box),
        dimming_w=box.dimming.limit_w if box.dimming else None,
    )


def _house(box: Wallbox) -> contract.House | None:
    house = box.house
    if house is None:
        return None
    return contract.House(house.fuse_a, house.when_quiet_a, house.phases, house.box_phase)


def _serial_number() -> str | None:
    if not _SERIAL_NUMBER.exists():
        return None
    return _SERIAL_NUMBER.read_text().strip("\0\n")

"""The text for Prometheus; dashboard and alert rules name only what is in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.local.metrics.exposition import exposition
from bridge.local.state.state import FaultSeen, Limit, Queue, State
from bridge.local.why.english_faults import FAULTS
from bridge.local.why.why import why
from tests.bridge.local.states import CHARGING, SESSION, WELL, changed

ROOT = Path(__file__).parents[4]
DASHBOARD = ROOT / "deploy" / "grafana" / "evse-bridge.json"
RULES = ROOT / "deploy" / "prometheus" / "evse-bridge.rules.yml"
PAGE = ROOT / "docs" / "metrics.md"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="needs promtool: apt-get install prometheus")
NAMES = re.compile(r"evse_bridge_\w+")
FULL = changed(
    changed(CHARGING, why=why(CHARGING)), session=SESSION, queue=Queue(waiting=2, dead_letters=1),
    box={"contacts_c": 30.0, "faults": (
        FaultSeen(id="welded", occurrence=1, for_s=1.0, clears="person", opens=True),
        FaultSeen(id="a_newer_one", occurrence=1, for_s=1.0, clears="person", opens=True),
    )},
    limits=(Limit(name="profile", limit_a=6.0, profile_id=1), Limit(name="installation", limit_a=16.0)),
)  # fmt: skip
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(state: State | None) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition(state).decode())
        for sample in family.samples
    }


def test_a_charging_car_in_base_units() -> None:
    found = samples(FULL)
    assert found["evse_bridge_up", ()] == 1
    assert found["evse_bridge_energy_joules_total", ()] == 1000 * 3600
    assert found["evse_bridge_power_watts", ()] == 7360
    assert found["evse_bridge_current_amperes", (("phase", "L2"),)] == 10.6
    assert found["evse_bridge_limit_amperes", (("limit", "profile"),)] == 6
    assert found["evse_bridge_limit_least_amperes", ()] == 6
    assert found["evse_bridge_dead_letter_sessions", ()] == 1


def test_an_enum_is_one_series_for_each_value() -> None:
    found = samples(FULL)
    statuses = {labels: value for (name, labels), value in found.items() if name == "evse_bridge_status"}
    assert len(statuses) == 9
    assert [labels for labels, value in statuses.items() if value] == [(("status", "Charging"),)]
    newer = samples(changed(connector={"status": "Dreaming"}))
    assert newer["evse_bridge_status", (("status", "Dreaming"),)] == 1


def test_every_fault_has_a_history_and_a_newer_one_is_not_lost() -> None:
    found = samples(FULL)
    faults = {labels[0][1]: value for (name, labels), value in found.items() if name == "evse_bridge_fault"}
    assert set(faults) == {*FAULTS, "a_newer_one"}
    assert {name for name, value in faults.items() if value} == {"welded", "a_newer_one"}


def test_of_what_is_not_known_nothing_is_said() -> None:
    assert samples(None) == {("evse_bridge_up", ()): 0.0}
    old = {name for name, _ in samples(changed(WELL, meter={"fresh": False}, box={"alive": False}))}
    assert "evse_bridge_energy_joules_total" in old
    assert not old & {"evse_bridge_power_watts", "evse_bridge_offered_amperes", "evse_bridge_fault"}


def test_a_foreign_text_breaks_no_line() -> None:
    evil = changed(version='1"\n# TYPE x', limits=(Limit(name='a"\\\n' * 100, limit_a=6.0),))
    assert samples(evil)["evse_bridge_up", ()] == 1
    assert all(not line or line.startswith(("evse_", "# ")) for line in exposition(evil).decode().split("\n"))


def test_dashboard_rules_and_page_name_what_there_is_and_the_page_names_all() -> None:
    there = {name for name, _ in samples(FULL)}
    dashboard = json.loads(DASHBOARD.read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert set(NAMES.findall(" ".join(expressions))) <= there
    assert all(expression.count("$instance") >= 1 for expression in expressions)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    named = set(NAMES.findall("\n".join(re.findall(r"expr: (.*)", RULES.read_text()))))
    assert named <= there
    assert set(NAMES.findall(PAGE.read_text())) == there


@needs_promtool
def test_promtool_finds_no_fault() -> None:
    assert PROMTOOL is not None
    read = [PROMTOOL, "check", "metrics"]
    checked = subprocess.run(read, check=False, input=exposition(FULL), capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, b"")
    subprocess.run([PROMTOOL, "check", "rules", "--lint-fatal", RULES], check=True, capture_output=True)

"""Every scenario file, in every mode and world it is written for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.parsing import parse
from tests.scenarios.player import ScenarioFailed, play
from tests.scenarios.pure import PureWorld
from tests.scenarios.real import RealWorld
from tests.scenarios.script import Mode, Scenario
from tests.scenarios.trace import Trace

FILES = sorted(Path(__file__).parent.glob("*/*.scenario"))


def read(path: Path) -> Scenario:
    return parse(path.name, path.read_text(encoding="utf-8"))


SCENARIOS = [read(path) for path in FILES]
PURE = [(scenario, mode) for scenario in SCENARIOS if scenario.pure for mode in scenario.modes]
REAL = [(scenario, mode) for scenario in SCENARIOS if scenario.real for mode in scenario.modes]


def names(cases: list[tuple[Scenario, Mode]]) -> list[str]:
    return [f"{scenario.name}-{mode}" for scenario, mode in cases]


@pytest.mark.campaign
@pytest.mark.parametrize(("scenario", "mode"), PURE, ids=names(PURE))
def test_in_the_pure_world(scenario: Scenario, mode: Mode) -> None:
    world = PureWorld(scenario, mode)
    try:
        play(scenario, world)
    except ScenarioFailed as failed:
        pytest.fail(str(failed), pytrace=False)
    finally:
        world.close()


@pytest.mark.real
@pytest.mark.parametrize(("scenario", "mode"), REAL, ids=names(REAL))
def test_with_the_real_processes(scenario: Scenario, mode: Mode) -> None:
    """What they log and keep is what the pure world does, too."""
    world = RealWorld(scenario, mode)
    try:
        play(scenario, world)
        did = world.end()
    except ScenarioFailed as failed:
        pytest.fail(f"{failed}\n{world.log()}", pytrace=False)
    finally:
        world.close()
    assert did.decided
    if scenario.pure:
        assert did == pure_trace(scenario, mode)


def pure_trace(scenario: Scenario, mode: Mode) -> Trace:
    world = PureWorld(scenario, mode)
    try:
        play(scenario, world)
        return world.end()
    finally:
        world.close()

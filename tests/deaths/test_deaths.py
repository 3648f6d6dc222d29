"""A short part of the campaign, always the same; `make deaths` runs all of it and judges the times."""

from __future__ import annotations

import pytest

from tests.deaths.campaign import cases, run
from tests.deaths.cases import CASES, CONTROLS, Case

SEED = 20


@pytest.mark.real
@pytest.mark.parametrize("case", cases(10, SEED), ids=lambda case: case.name)
def test_a_death_in_mid_charge_comes_back_to_safe_and_a_control_does_not(case: Case) -> None:
    measured = run(case, SEED)
    assert measured.right, measured


def test_the_whole_campaign_has_every_death_and_every_control() -> None:
    chosen = cases(200, 1)
    assert set(chosen) == {*CASES, *CONTROLS}
    assert all(chosen.count(control) == 1 for control in CONTROLS)
    assert min(chosen.count(case) for case in CASES) >= 7

"""Whatever happens in a trial, and however it ends: every session is one pair, nothing is lost or doubled."""

from __future__ import annotations

import pytest

from tests.campaigns import many
from tests.chaos.pure_life import PureLife

pytestmark = pytest.mark.campaign


@pytest.mark.part
@pytest.mark.parametrize("seed", range(1, many(3, 5)))
def test_lives_with_trials(seed: int) -> None:
    told = PureLife(seed, ("cloud", "native")[seed % 2], trials=True).live(cuts=seed % 3, sessions=5)
    assert told.faults == (), "\n".join(told.story)
    assert told.verdict.sessions

"""How long a trial of a mock box lasts, by variables of its unit."""

from __future__ import annotations

import pytest

from deploy.slots.__main__ import STEADY_VARIABLE, WITHIN_VARIABLE, patience
from deploy.slots.proof import Patience
from deploy.slots.refusal import RefusedError


def test_what_is_not_set_is_as_usual() -> None:
    assert patience({}) == patience({STEADY_VARIABLE: ""}) == Patience()
    assert patience({STEADY_VARIABLE: "2", WITHIN_VARIABLE: "1e2"}) == Patience(2.0, 100.0)


@pytest.mark.parametrize("wrong", ["2 s", "0", "-1", "nan", "inf", "1e999", "٢m"])
@pytest.mark.parametrize("name", [STEADY_VARIABLE, WITHIN_VARIABLE])
def test_what_is_no_time_is_named(name: str, wrong: str) -> None:
    with pytest.raises(RefusedError) as refused:
        patience({name: wrong})
    assert f"{name} = {wrong!r}: must be a number of seconds above 0, or not set" in str(refused.value)

"""The prevailing limit and the composite schedule against the slow model, and what always holds of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.charging_profile import ChargingProfile, Mains, Period, Purpose
from bridge.core.limits.charging_schedule import MOST_CHANGES, Circumstances, composite, prevailing
from tests.bridge.core.limits import charging_model as model

pytestmark = pytest.mark.campaign
quick = settings(deadline=None, max_examples=100)


def both(data: st.DataObject) -> tuple[list[ChargingProfile], Circumstances]:
    circumstances = data.draw(model.circumstances)
    return data.draw(model.installed(circumstances.row_id)), circumstances


@quick
@given(data=st.data(), at=model.moments)
def test_the_prevailing_limit_is_that_of_the_model(data: st.DataObject, at: int) -> None:
    profiles, circumstances = both(data)
    assert prevailing(profiles, circumstances, at).limit_a == model.limit_a(profiles, circumstances, at)


@quick
@given(data=st.data(), at=model.moments)
def test_nothing_changes_before_the_change_point(data: st.DataObject, at: int) -> None:
    profiles, circumstances = both(data)
    ruling = prevailing(profiles, circumstances, at)
    assert ruling.until > at
    last_s = int(min(ruling.until, at + 300)) - at
    assert set(model.by_second(profiles, circumstances, at, last_s)) == {ruling.limit_a}


@quick
@given(data=st.data(), at=model.moments, duration_s=st.integers(0, 300))
def test_a_composite_schedule_is_the_model_second_by_second(
    data: st.DataObject, at: int, duration_s: int
) -> None:
    profiles, circumstances = both(data)
    found = composite(profiles, circumstances, at, duration_s)
    limits: list[float] = []
    for step, following in pairwise([*found.steps, None]):
        assert step is not None
        end_s = following.start_s if following is not None else duration_s
        limits += [step.limit_a] * (end_s - step.start_s)
    assert limits == model.by_second(profiles, circumstances, at, duration_s)


@quick
@given(data=st.data(), at=model.moments, duration_s=st.integers(0, 3 * model.WEEK_S))
def test_the_form_of_a_composite_schedule(data: st.DataObject, at: int, duration_s: int) -> None:
    profiles, circumstances = both(data)
    found = composite(profiles, circumstances, at, duration_s)
    assert found.duration_s == duration_s
    assert bool(found.steps) == (duration_s > 0)
    assert all(step.start_s == 0 for step in found.steps[:1])
    assert all(0 <= step.start_s < duration_s for step in found.steps)
    assert all(0 <= step.limit_a <= circumstances.installation_a for step in found.steps)
    for one, other in pairwise(found.steps):
        assert one.start_s < other.start_s
        assert one.limit_a != other.limit_a


@quick
@given(data=st.data(), at=model.moments, later_s=st.integers(0, 200))
def test_a_later_composite_schedule_of_the_same_transaction_continues_the_earlier(
    data: st.DataObject, at: int, later_s: int
) -> None:
    profiles, circumstances = both(data)
    whole = composite(profiles, circumstances, at, 300)
    rest = composite(profiles, circumstances, at + later_s, 300 - later_s)
    tail = [(max(step.start_s - later_s, 0), step.limit_a) for step in whole.steps]
    kept = [one for one, other in pairwise([*tail, (301, 0.0)]) if other[0] > 0]
    assert [(step.start_s, step.limit_a) for step in rest.steps] == kept


@pytest.mark.parametrize("end", model.ENDS)
@pytest.mark.parametrize("purpose", model.PURPOSES)
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_at_every_end_of_every_purpose_the_next_takes_over(
    purpose: Purpose, end: model.End, data: st.DataObject
) -> None:
    circumstances = replace(data.draw(model.circumstances), row_id=model.ROW_ID)
    ordinary = model.charging_profiles(model.ROW_ID, purposes=[purpose])
    top = replace(data.draw(ordinary.flatmap(lambda one: model.ending(one, end))), stack_level=8)
    profiles = [*data.draw(model.installed(model.ROW_ID)), top]
    at = data.draw(model.moments)
    for elapsed_s in range(0, 180, 3):
        wanted = model.limit_a(profiles, circumstances, at + elapsed_s)
        assert prevailing(profiles, circumstances, at + elapsed_s).limit_a == wanted


def test_a_question_over_centuries_ends_after_so_many_changes() -> None:
    daily = ChargingProfile(
        profile_id=1, connector_id=1, purpose="TxDefaultProfile", stack_level=0, kind="Recurring", unit="A",
        periods=(Period(0, 6.0), Period(3600, 10.0)), received_at=model.BASE,
        start_at=model.BASE, recurrency="Daily",
    )  # fmt: skip
    circumstances = Circumstances(None, model.BASE, 16.0, Mains(3, 230.0))
    found = composite([daily], circumstances, model.BASE, 2**31 - 1)
    assert found.duration_s == MOST_CHANGES // 2 * model.DAY_S
    assert len(found.steps) == MOST_CHANGES

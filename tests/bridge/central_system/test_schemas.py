"""A second opinion on payloads: `jsonschema`, which is slow, and right when it counts in fractions."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from bridge.central_system.schemas import known_actions, request_fault
from tests.bridge.central_system.payloads import code_of, profile

FINITE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def second_opinion(action: str) -> Draft4Validator:
    """`jsonschema` on fractions, as slow and right as it is."""
    text = (files("ocpp") / "v16" / "schemas" / f"{action}.json").read_text(encoding="utf-8-sig")
    return Draft4Validator(json.loads(text, parse_float=Fraction))


NEAR_MISS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.1, 16.1, 16.15, 1.0])
    | st.sampled_from(["", "A", "Soft", "Accepted", "TxProfile", "2026-04-17T17:34:06Z", "x" * 30, "y" * 600])
    | st.lists(st.integers(0, 1), max_size=2)
    | st.dictionaries(st.sampled_from(["timestamp", "value", "status"]), st.text(max_size=3), max_size=2)
)


@given(st.sampled_from(sorted(known_actions())), st.data())
def test_another_validator_agrees(action: str, draw: st.DataObject) -> None:
    validator = second_opinion(action)
    fields = [*sorted(validator.schema.get("properties", {})), "surplus"]
    payload = draw.draw(st.dictionaries(st.sampled_from(fields), NEAR_MISS))
    as_fractions = json.loads(json.dumps(payload), parse_float=Fraction)
    assert (code_of(action, payload) is None) == validator.is_valid(as_fractions)


@given(FINITE, FINITE)
def test_another_validator_agrees_on_profiles(limit: object, unit: object) -> None:
    payload = profile(limit)
    payload["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] = unit
    as_fractions = json.loads(json.dumps(payload), parse_float=Fraction)
    agreed = second_opinion("SetChargingProfile").is_valid(as_fractions)
    assert (code_of("SetChargingProfile", payload) is None) == agreed


@pytest.mark.parametrize("payload", [{"idTag": "\ud800"}, {"idTag": "A", "chargingProfile\udfff": {}}])
def test_half_a_character_is_refused_before_anything_has_to_write_it(payload: dict[str, object]) -> None:
    fault = request_fault("RemoteStartTransaction", payload)
    assert fault is not None
    assert fault.code in ("PropertyConstraintViolation", "FormationViolation")

"""OCPP 1.6 6.49 transactionData: what was stored, in order, never more than is allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.box_view import Supply
from bridge.core.now import timestamp
from bridge.core.reporting.transaction_data import transaction_data
from bridge.core.rows import Sample
from bridge.core.zaptec import CLOUD, NATIVE, Behaviour

BEGAN = datetime(2026, 4, 17, tzinfo=UTC)
SUPPLY = Supply(3, 230.0, 16.0)
ENERGY, POWER = "Energy.Active.Import.Register", "Power.Active.Import"


def a_sample(second: int, context: str = "Sample.Periodic", measurands: str = ENERGY) -> Sample:
    return Sample(
        at=BEGAN + timedelta(seconds=second),
        context=context,
        energy_wh=1000 + second,
        power_w=0.0,
        current_a=(0.0, 0.0, 0.0),
        voltage_v=(230.0, 230.0, 230.0),
        offered_a=16.0,
        measurands="Voltage",  # of MeterValues: nothing of it is said here
        stop_measurands=measurands,
    )


def transaction(between: int, measurands: str = ENERGY) -> list[Sample]:
    return [
        a_sample(0, "Transaction.Begin", measurands),
        *(a_sample(second, measurands=measurands) for second in range(1, between + 1)),
        a_sample(between + 1, "Transaction.End", measurands),
    ]


def data(samples: list[Sample], most: int = 512, behaviour: Behaviour = CLOUD) -> list[dict[str, Any]]:
    return transaction_data(samples, most, SUPPLY, behaviour)


def seconds(elements: list[dict[str, Any]]) -> list[int]:
    return [
        int(datetime.fromisoformat(each["timestamp"]).timestamp() - BEGAN.timestamp()) for each in elements
    ]


def test_begin_samples_and_end_with_the_measurands_of_their_own_key() -> None:
    elements = data(transaction(2, f"{POWER},{ENERGY}"))
    assert seconds(elements) == [0, 1, 2, 3]
    assert [value["measurand"] for value in elements[0]["sampledValue"]] == [POWER, ENERGY]
    contexts = [element["sampledValue"][0]["context"] for element in elements]
    assert contexts == ["Transaction.Begin", "Sample.Periodic", "Sample.Periodic", "Transaction.End"]


def test_native_has_an_element_for_each_measurand() -> None:
    elements = data(transaction(1, f"{POWER},{ENERGY}"), behaviour=NATIVE)
    assert seconds(elements) == [0, 0, 1, 1, 2, 2]


def test_none_is_nothing() -> None:
    assert data([]) == []
    assert data(transaction(3, "")) == []


def test_too_many_the_first_between_and_every_second_go() -> None:
    assert seconds(data(transaction(8), most=9)) == [0, 2, 4, 6, 8, 9]
    assert seconds(data(transaction(8), most=10)) == list(range(10))
    assert seconds(data(transaction(8), most=5)) == [0, 4, 8, 9]


@pytest.mark.parametrize(("behaviour", "elements"), [(CLOUD, 512), (NATIVE, 512)])
def test_exactly_as_many_as_are_allowed(behaviour: Behaviour, elements: int) -> None:
    assert len(data(transaction(elements - 2), elements, behaviour)) == elements


def test_begin_and_end_stay_however_few_are_allowed() -> None:
    assert seconds(data(transaction(100), most=1)) == [0, 101]


SAMPLES = st.lists(
    st.tuples(
        st.sampled_from(["Sample.Periodic", "Sample.Clock", "Transaction.Begin", "Transaction.End"]),
        st.sampled_from(["", ENERGY, f"{POWER},{ENERGY}", "Energy.Active.Import.Interval"]),
    ),
    max_size=60,
)


@given(SAMPLES, st.integers(2, 40), st.sampled_from([CLOUD, NATIVE]))
def test_it_is_a_subsequence_of_what_was_stored(
    kinds: list[tuple[str, str]], most: int, behaviour: Behaviour
) -> None:
    samples = [a_sample(second, *kind) for second, kind in enumerate(kinds)]
    whole, told = data(samples, 10_000, behaviour), data(samples, most, behaviour)
    rest = iter(whole)
    assert all(element in rest for element in told)
    boundaries = {timestamp(each.at) for each in samples if each.context.startswith("Transaction.")}
    kept = [element for element in whole if element["timestamp"] in boundaries]
    assert all(element in told for element in kept)
    assert len(told) <= max(most, len(kept))
    assert len(told) == len(whole) or len(whole) > most

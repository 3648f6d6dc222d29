"""OCPP 1.6 6.49: the meter values that go with StopTransaction, from the samples of its row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from bridge.core.box_view import Supply
from bridge.core.reporting.meter_values import stop_values
from bridge.core.rows import Sample
from bridge.core.zaptec import Behaviour

BOUNDARIES = ("Transaction.Begin", "Transaction.End")  # of these none is ever left out
T = TypeVar("T")


def transaction_data(
    samples: Sequence[Sample], most: int, supply: Supply, behaviour: Behaviour
) -> list[dict[str, Any]]:
    """Returns up to `most` elements (StopTransactionMaxMeterValues): whole samples, thinned evenly."""
    kept = [(taken, elements) for taken in samples if (elements := stop_values(taken, supply, behaviour))]
    while sum(len(elements) for _, elements in kept) > most:
        between = [one for one in kept if one[0].context not in BOUNDARIES]
        if not between:
            break
        left_out = {id(one) for one in every_second(between)}
        kept = [one for one in kept if id(one) not in left_out]
    return [element for _, elements in kept for element in elements]


def every_second(between: Sequence[T]) -> Sequence[T]:
    """Returns what a Zaptec leaves out between begin and end: the first, and every second of the rest."""
    return between[::2]

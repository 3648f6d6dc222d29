"""Whom a reservation admits; and ReserveNow with whatever its schema lets through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.central_system.frames import OcppError
from bridge.central_system.operations import Question
from bridge.central_system.operations.reservation import reserve_now
from bridge.core.authorization.reservation import Reservation, Reservations
from bridge.core.decisions import Decisions
from bridge.core.id_tag import IdTagInfo
from bridge.core.rows import Remembered
from bridge.core.setup import RESERVATION
from tests.bridge.core.authorization.id_tags import Box, at
from tests.bridge.core.messages import BOX, status

OF_ONE = Reservation(7, "Holder", None, at(60).utc)
OF_GROUP = Reservation(7, "Holder", "Family", at(60).utc)


@pytest.mark.parametrize(
    ("reservation", "id_tag", "parent", "excluded", "admitted"),
    [
        (None, "x", None, False, True),
        (OF_ONE, "HOLDER", None, False, True),
        (OF_ONE, "x", None, True, False),
        (OF_ONE, "x", "Family", True, False),
        (OF_GROUP, "holder", None, False, True),
        (OF_GROUP, "holder", "Others", False, True),
        (OF_GROUP, "x", "FAMILY", False, True),
        (OF_GROUP, "x", "Others", True, False),
        (OF_GROUP, "x", None, False, False),  # Authorize tells
    ],
)
def test_whom_it_admits(
    reservation: Reservation | None, id_tag: str, parent: str | None, excluded: bool, admitted: bool
) -> None:
    held = Reservations(None if reservation is None else reservation.to_text(), Decisions())
    assert held.admits(id_tag, parent) == admitted
    known = None if parent is None else IdTagInfo("Accepted", parent)
    assert held.excludes(id_tag, known) == excluded
    used = held.used(id_tag, parent)
    assert used == (7 if admitted and reservation is not None else None)
    assert (held.held is None) == admitted


def test_it_is_remembered_to_its_end() -> None:
    held = Reservations(None, Decisions())
    held.hold(OF_GROUP)
    (kept,) = held.decisions.changes
    assert isinstance(kept, Remembered)
    again = Reservations(kept.value, Decisions())
    assert again.held == OF_GROUP
    again.step(at(59.9), free_charging=False)
    assert again.decisions.changes == []
    again.step(at(60), free_charging=False)
    again.end()
    assert again.decisions.changes == [Remembered(RESERVATION, None)]
    assert again.held is None


whole = st.integers() | st.integers(-2, 3)
dates = st.sampled_from(
    ["2027-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "2027-01-01", ""]
) | st.text(max_size=30)
requests = st.fixed_dictionaries(
    {"connectorId": whole, "expiryDate": dates, "idTag": st.text(max_size=20), "reservationId": whole},
    optional={"parentIdTag": st.text(max_size=20)},
)


OF_NO_GROUP = {
    "connectorId": 0,
    "expiryDate": "2027-01-01T00:00:00Z",
    "idTag": "",
    "reservationId": 0,
    "parentIdTag": "",
}


@settings(deadline=None, max_examples=200)
@example(request=OF_NO_GROUP, mode="native")
@given(request=requests, mode=st.sampled_from(["cloud", "native"]))
def test_nothing_that_is_sent_upsets_it(request: dict[str, Any], mode: Any) -> None:
    box = Box(mode)
    box.core.heard(BOX, at(0))
    box.core.heard(status(at(0).s), at(0))
    box.settle()
    try:
        said = reserve_now(Question(request, box.core, pending=False, now=at(1))).payload["status"]
    except OcppError as error:
        assert error.code == "PropertyConstraintViolation"  # noqa: PT017 - what must hold of it comes below
        said = "an error"
    held = box.core.connector.reservations.held
    assert (held is not None) == (said == "Accepted")
    box.settle()
    assert (RESERVATION in box.store.remembered()) == (said == "Accepted")
    if held is not None:
        assert held.expires_at > at(1).utc
        assert (held.parent_id_tag is None) or mode == "native"
        assert Reservation.from_text(box.store.remembered()[RESERVATION]) == held
    box.store.close()

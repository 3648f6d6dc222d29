"""A new version on trial: nothing happens that the copy of the database from before would lose or double."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.central_system.operations import SUPPORTED
from bridge.core.configuration.configuration import REMEMBERED_PREFIX
from bridge.core.maintenance.trial import Trial
from bridge.core.setup import ACCEPTED_AT, FINISHING, ORDERLY
from bridge.local.orders import ClearProfiles, OfferAgain
from bridge.trial import TRIAL_NAME, look
from tests.bridge.central_system.payloads import profile
from tests.bridge.trying import CARD, OF_TRANSACTIONS, SESSION_WH, TryingBox, backlog, filled, sessions
from tests.campaigns import many

SOON = "2026-01-01T01:00:00Z"
ASKED: dict[str, dict[str, Any]] = {  # each would change something, or read it, without a trial
    "CancelReservation": {"reservationId": 7},
    "ChangeAvailability": {"connectorId": 0, "type": "Inoperative"},
    "ChangeConfiguration": {"key": "MeterValueSampleInterval", "value": "30"},
    "ClearCache": {},
    "ClearChargingProfile": {},
    "DataTransfer": {"vendorId": "example"},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 60},
    "GetConfiguration": {},
    "GetDiagnostics": {"location": "https://files.example/"},
    "GetLocalListVersion": {},
    "RemoteStartTransaction": {"idTag": CARD},
    "RemoteStopTransaction": {"transactionId": 1},
    "ReserveNow": {"connectorId": 1, "expiryDate": SOON, "idTag": CARD, "reservationId": 7},
    "Reset": {"type": "Soft"},
    "SendLocalList": {
        "listVersion": 9,
        "updateType": "Full",
        "localAuthorizationList": [{"idTag": CARD, "idTagInfo": {"status": "Accepted"}}],
    },
    "SetChargingProfile": profile(10.0),
    "TriggerMessage": {"requestedMessage": "MeterValues"},
    "UnlockConnector": {"connectorId": 1},
    "UpdateFirmware": {"location": "https://files.example/box.tar", "retrieveDate": "2026-01-01T00:00:00Z"},
}
# What a bridge stores in a trial, and why its loss is harmless.
HARMLESS = {
    "clock": "the next program asks a time server or the Central System again",
    ORDERLY: "the copy has the mark of the program that was ended before it was made",
    ACCEPTED_AT: "the next accepted BootNotification stores it again",
    REMEMBERED_PREFIX + "HeartbeatInterval": "it is in the answer to each BootNotification",
    FINISHING: "the car has left: the next program sees that, too",
}
OFFERED = "given_up", "given_up_for_now"  # columns: a dead letter that may go is offered again at each start
VERBS = (
    "car plugs in, ready", "car plugs in", "car ready", "car leaves", "cable is taken out", "link lost",
    "link back", "bridge restarts", "instruments restart", "clock lost", "time server lost",
)  # fmt: skip
ACTS = st.one_of(
    st.sampled_from(sorted(ASKED)).map(lambda action: ("ask", action)),
    st.sampled_from(VERBS).map(lambda verb: ("do", verb)),
    st.just(("card", CARD)),
    st.sampled_from((1.0, 20.0, 130.0)).map(lambda wait_s: ("wait", str(wait_s))),
    st.sampled_from(("offer", "clear")).map(lambda order: ("order", order)),
)


def test_every_operation_is_asked() -> None:
    assert set(ASKED) == SUPPORTED


def act(box: TryingBox, kind: str, what: str) -> None:
    match kind:
        case "ask":
            box.ask(what, ASKED[what])
        case "do":
            box.do(what)
        case "card":
            box.do("card", what)
        case "wait":
            box.let_pass(float(what))
        case _:
            order = OfferAgain(1) if what == "offer" else ClearProfiles((1,))
            box.world.order(order)


def stored(box: TryingBox) -> dict[str, Any]:
    """All that must stay: every table, without what HARMLESS and OFFERED name."""
    tables = box.world.database.tables()
    waiting = [row for name in ("outbox", "set_aside") for row in tables.pop(name)]
    tables["waiting"] = sorted(waiting, key=repr)
    for row in tables["transactions"]:
        for column in OFFERED:
            del row[column]
    tables["remembered"] = [row for row in tables["remembered"] if row["name"] not in HARMLESS]
    return tables


@pytest.mark.part
@pytest.mark.campaign
@settings(max_examples=many(5, 15))
@given(st.lists(ACTS, min_size=1, max_size=10), st.booleans())
def test_what_is_stored_in_a_trial_may_be_lost(acts: list[tuple[str, str]], finishing: bool) -> None:
    """However it ends: each session is one pair, and none of them is sent before the end."""
    box = TryingBox(backlog())
    try:
        if finishing:  # what a car has that stays after its session
            for each in (("do", "car plugs in, ready"), ("wait", "5"), ("card", CARD), ("wait", "5")):
                act(box, *each)
            act(box, "card", CARD)
            box.let_pass(20.0)
        box.do("switched", "0.2.0.0")
        before = stored(box)
        box.do("link back")
        for each in acts:
            act(box, *each)
        assert stored(box) == before
        assert not [action for action, payload in box.said if action in ("Authorize", "StartTransaction")]
        assert not [payload for _, payload in box.said if "transactionId" in payload]
    finally:
        box.world.close()


@pytest.mark.parametrize("end", ["trial ends", "switched back", "power cut"])
def test_a_backlog_of_100_rows_and_a_card_in_the_trial(end: str) -> None:
    box = TryingBox(filled(sessions(50)))
    box.do("switched", "0.2.0.0")
    box.do("link back")
    box.let_pass(60.0)
    box.do("car plugs in, ready")
    box.do("card", CARD)
    box.let_pass(60.0)
    assert not {*OF_TRANSACTIONS, "Authorize"} & set(box.actions())
    sent = len(box.said)
    box.do(end)
    box.do("power back")
    box.let_pass(60.0)
    told = list(box.ledger.transactions.values())
    assert len(told) == 50
    assert [each.start["meterStart"] for each in told] == [SESSION_WH * n for n in range(1, 51)]
    assert {len(each.stops) for each in told} == {1}
    assert {each.energy_wh for each in told} == {SESSION_WH}
    assert [len(each.values) for each in told] == [1] + [0] * 49
    assert [action for action in box.actions(sent) if action in ("StartTransaction", "StopTransaction")] == [
        "StartTransaction", "StopTransaction",
    ] * 50  # fmt: skip
    sent = len(box.said)
    box.do("card", CARD)  # and the box charges again
    box.let_pass(60.0)
    assert box.actions(sent).count("StartTransaction") == 1
    box.world.close()


# What the owner orders


@pytest.mark.parametrize("order", [OfferAgain(1), ClearProfiles((1,))])
def test_an_order_that_would_be_lost_is_refused_with_its_reason(order: Any) -> None:
    box = TryingBox(backlog())
    box.do("trial begins")
    box.world.order(order)
    assert box.world.seen("owner", "") == "version 0.2.0.0 is on trial: ask again when that is over"
    box.do("trial ends")
    box.world.order(order)
    assert "on trial" not in box.world.seen("owner", "")
    box.world.close()


# Where a trial is seen


def test_no_file_is_no_trial(tmp_path: Path) -> None:
    assert look(tmp_path) == Trial()


@pytest.mark.parametrize("text", ["0.2.0.17", "0.2.0.17\n"])
def test_the_file_names_the_version(tmp_path: Path, text: str) -> None:
    (tmp_path / TRIAL_NAME).write_text(text)
    assert look(tmp_path) == Trial("version 0.2.0.17 is on trial")


def test_an_empty_file_is_a_trial(tmp_path: Path) -> None:
    (tmp_path / TRIAL_NAME).touch()
    assert look(tmp_path) == Trial("a new version is on trial")


DOUBTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (Path.mkdir, "is a folder"),
    "FIFO": (os.mkfifo, "is a FIFO"),
    "gigabyte": (lambda path: path.write_text("x" * 300), "has 300 bytes"),
    "link to nowhere": (lambda path: path.symlink_to("nowhere"), "it leads nowhere"),
    "circle of links": (lambda path: path.symlink_to(path), "symbolic links"),
}


@pytest.mark.parametrize("kind", DOUBTS)
def test_what_cannot_be_read_counts_as_a_trial(tmp_path: Path, kind: str) -> None:
    make, why = DOUBTS[kind]
    make(tmp_path / TRIAL_NAME)
    said = look(tmp_path).why
    assert said.startswith("a new version may be on trial: ")
    assert why in said


def test_what_is_no_text_is_made_visible(tmp_path: Path) -> None:
    (tmp_path / TRIAL_NAME).write_bytes(b"\x1b[2J\xff")
    assert "\x1b" not in look(tmp_path).why

"""Whatever begins with 3 or 4 and carries the id in flight ends the wait at once, and raises nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.central_system.frames import CALLERROR, CALLRESULT
from bridge.local.orders import SendDataTransfer
from tests.bridge.central_system.rows_of import sampled, started, stopped
from tests.bridge.central_system.test_border import ANSWERS
from tests.bridge.central_system.test_conversation import Desk

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    2**31,
    2**53 + 1,
    10**400,
    "",
    "Accepted",
    "x" * 300,
    [],
    {},
    "\ud800",
]
JSON = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["idTagInfo", "status", "transactionId"]), inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)
NAMES = sorted({name for answer in ANSWERS.values() for name in answer} | {"surplus"})


def sound_but(action: str) -> st.SearchStrategy[Any]:
    """The answer that is wanted, with some of its fields replaced by anything."""
    changes = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=2)
    return changes.map(lambda changed: {**ANSWERS[action], **changed})


def nothing(_: Desk) -> None:
    """The conversation asks by itself."""


def card(desk: Desk) -> None:
    desk.core.connector.ask_authorization("TAG", "card", desk.now)


def data_transfer(desk: Desk) -> None:
    desk.talk.transfer(SendDataTransfer("vendor").request, 1, desk.now)


def upload(desk: Desk) -> None:
    desk.core.maintenance.diagnostics.progress.report("Uploading")


def download(desk: Desk) -> None:
    desk.core.maintenance.firmware.refuse()


def heartbeat(desk: Desk) -> None:
    desk.hear('[2,"1","TriggerMessage",{"requestedMessage":"Heartbeat"}]')


def row(*changes: Any) -> Callable[[Desk], None]:
    return lambda desk: desk.database.apply(changes)


ASKS: dict[str, Callable[[Desk], None]] = {
    "Authorize": card,
    "DataTransfer": data_transfer,
    "DiagnosticsStatusNotification": upload,
    "FirmwareStatusNotification": download,
    "Heartbeat": heartbeat,
    "MeterValues": row(started(), sampled()),
    "StartTransaction": row(started()),
    "StopTransaction": row(started(), stopped()),
}


def in_flight(action: str) -> Desk:
    """A conversation in which a CALL of this action waits for its answer."""
    desk = Desk()
    if action == "BootNotification":
        desk.open()
        return desk
    if action == "StatusNotification":
        desk.let_pass(6.0)
        desk.open()
        desk.answer(ANSWERS["BootNotification"])
    else:
        desk.register()
        ASKS[action](desk)
        desk.carry_out()
    while desk.sent[-1][2] != action:
        desk.answer(ANSWERS[desk.sent[-1][2]])
    return desk


def test_every_call_of_ours_is_among_them() -> None:
    assert {*ASKS, "BootNotification", "StatusNotification"} == {*ANSWERS}


def waited_for(asked: str, desk: Desk) -> bool:
    """One more answer under this id: it is dropped when nothing waits for it any more."""
    desk.hear(json.dumps([CALLERROR, asked, "GenericError", "", {}]))
    return f"nothing was asked under {asked!r}" not in desk.notes()


def written(items: list[Any], form: str) -> str | bytes:
    text = json.dumps(items)
    match form:
        case "3.0":
            return text.replace("[3,", "[3.0,", 1).replace("[4,", "[4.0,", 1)
        case "binary":
            return text.encode()
        case "cut":
            return text[:-1]
        case "and more":
            return text + text
        case _:
            return text


@pytest.mark.parametrize("action", sorted(ANSWERS))
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_answer_ends_the_wait(action: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([CALLRESULT, CALLERROR]))
    payload = sound_but(action).map(lambda each: [each])
    rest = data.draw(st.lists(JSON, max_size=5) | payload)
    form = data.draw(st.sampled_from(["as usual", "3.0", "binary", "and more", "cut"]))
    desk = in_flight(action)  # after all is drawn: a draw may give up
    with closing(desk.database):
        asked = desk.sent[-1][1]
        desk.hear(written([kind, asked, *rest], form))
        assert not waited_for(asked, desk)
        desk.let_pass(1.0)


@pytest.mark.parametrize(
    "text", ['[3,"another",{}]', '[2,"$ID","Heartbeat",{}]', '["3","$ID",{}]', '[7,"$ID"]']
)
def test_nothing_else_ends_it(text: str) -> None:
    """A control."""
    desk = in_flight("StartTransaction")
    asked = desk.sent[-1][1]
    desk.hear(text.replace("$ID", asked))
    assert waited_for(asked, desk)
    desk.database.close()

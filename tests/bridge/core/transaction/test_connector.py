"""Cards, and what a start waits for: what scenarios cannot show without a wrong wallbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bridge.core.box_view import PlugIn
from bridge.core.charge_point import ChargePoint
from bridge.core.configuration.configuration import Configuration
from bridge.core.id_tag import IdTagInfo, same_group, same_tag
from bridge.core.now import Now
from bridge.core.rows import TransactionRow, TransactionStarted, TransactionStopped
from bridge.core.session import Authorized, Authorizing, Idle, Transaction
from bridge.core.setup import PLUG_IN, Memory, Provisioning
from bridge.core.zaptec import CLOUD
from hal.contract import Card
from tests.bridge.core.charge_points import hear
from tests.bridge.core.messages import BOX, CHARGING, WAITING, fault, reading, status


def now(at_s: float) -> Now:
    return Now(at_s, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at_s))


def card(seq: int, at_s: float, id_tag: str = "TAG", start_id: str = "i") -> Card:
    return Card(start_id=start_id, seq=seq, at_s=at_s, id=id_tag)


def online(**keys: str) -> ChargePoint:
    configuration = Configuration(CLOUD, keys, {}, authorization_required=True)
    core = ChargePoint(Provisioning(CLOUD, "boot", "ws://x/"), configuration, Memory(), now(0))
    hear(core, BOX, now(0))
    hear(core, status(0.0), now(0))
    hear(core, reading(0.0), now(0))
    core.link_registered(now(0))
    core.step(now(0))
    return core


def authorized(**keys: str) -> ChargePoint:
    core = online(**keys)
    hear(core, card(1, 0.0), now(0))
    core.authorize_answered(1, IdTagInfo("Accepted"), now(1))
    core.step(now(1))
    assert isinstance(core.state, Authorized)
    return core


def test_a_car_that_left_unseen_is_not_the_one_that_is_there_now() -> None:
    """The bridge has just started, so an A is not believed yet; then another car is plugged in."""
    row = TransactionRow(1, "boot", 1, "TAG", None, 1000, now(0).utc)
    plug_in = PlugIn("start-1", 4)
    memory = Memory(next_row_id=2, open_row=row, remembered={PLUG_IN: plug_in.text(1)})
    configuration = Configuration(CLOUD, {}, {}, authorization_required=True)
    core = ChargePoint(Provisioning(CLOUD, "boot", "ws://x/"), configuration, memory, now(100))
    hear(core, BOX, now(100))
    for at_s, heard in [
        (100.0, status(100.0, plug_ins=4, **CHARGING)),
        (101.0, status(101.0, plug_ins=4, contactor_changed_at_s=101.0)),
        (102.0, status(102.0, plug_ins=5, contactor_changed_at_s=101.0, **WAITING)),
    ]:
        hear(core, heard, now(at_s))
        hear(core, reading(at_s, 1700), now(at_s))
        assert isinstance(core.state, Transaction)
        assert (core.wish(now(at_s)).limit_a > 0.0) == (at_s < 102.0)
    hear(core, status(102.1, plug_ins=5, contactor_changed_at_s=101.0, **WAITING), now(102.1))
    core.step(now(102.2))
    core.step(now(102.3))
    (stopped,) = [change for change in core.drain().changes if isinstance(change, TransactionStopped)]
    assert (stopped.reason, stopped.meter_stop_wh) == ("EVDisconnected", 1700)
    assert core.state == Idle()


def present(core: ChargePoint) -> str:
    return core.connector.status(now(2))


@pytest.mark.parametrize(
    ("presented", "heard_at_s", "asks"),
    [
        (card(1, 10.0), 10.0, True),
        (card(1, 10.0), 15.0, True),
        (card(1, 10.0), 15.1, False),  # too old: nobody stands there any more
    ],
)
def test_a_card_is_good_for_5_s(presented: Card, heard_at_s: float, asks: bool) -> None:
    core = online()
    hear(core, presented, now(heard_at_s))
    assert isinstance(core.state, Authorizing) == asks


def old(core: ChargePoint) -> Card:
    return card(9, -6.0)


def another_while_asking(core: ChargePoint) -> Card:
    hear(core, card(1, 2.0), now(2))
    return card(9, 2.0, "OTHER")


def another_while_waiting(core: ChargePoint) -> Card:
    core.connector.authorize("TAG", "card", now(2))
    return card(9, 2.0, "OTHER")


def hindered(**service: bool) -> Callable[[ChargePoint], Card]:
    def presents(core: ChargePoint) -> Card:
        for name, so in service.items():
            setattr(core.service, name, so)
        return card(9, 2.0)

    return presents


def faulted(core: ChargePoint) -> Card:
    hear(core, status(2.0, faults=(fault("welded"),)), now(2))
    return card(9, 2.0)


def free_charging(core: ChargePoint) -> Card:
    core.change_key("FreeCharging", "true")
    return card(9, 2.0)


@pytest.mark.parametrize(
    ("presents", "why"),
    [
        (old, "it was presented 8 s ago"),
        (another_while_asking, "the answer for another idTag is open"),
        (another_while_waiting, "another idTag waits for the car"),
        (hindered(accepted=False), "no Central System has accepted this box yet"),
        (hindered(operative=False), "the Central System has set the box out of service"),
        (hindered(recorded=False), "the disk cannot be written"),
        (hindered(restarting=True), "a restart is due"),
        (hindered(updating=True), "new firmware is being installed"),
        (faulted, "the box has the fault welded"),
        (free_charging, "in free charging no card is needed"),
    ],
)
def test_a_card_that_starts_nothing_leaves_a_line_and_the_lamp_s_refusal(
    presents: Callable[[ChargePoint], Card], why: str
) -> None:
    core = online()
    presented = presents(core)
    hear(core, presented, now(2))
    assert core.drain().notes == (f"idTag {presented.id} starts and stops nothing: {why}",)
    assert core.wish(now(2)).lamp == "refused"


def test_a_repeated_message_is_no_second_card() -> None:
    core = authorized()
    hear(core, card(1, 0.0), now(2))
    assert present(core) == "Preparing"
    hear(core, card(2, 2.0), now(2))
    assert present(core) == "Available"


def test_instruments_that_were_restarted_count_anew() -> None:
    core = authorized()
    hear(core, card(1, 2.0, start_id="j"), now(2))
    assert present(core) == "Available"


@pytest.mark.parametrize(
    ("facts", "read_at_s", "starts"),
    [
        (WAITING, 2.0, True),
        (WAITING, 1.0, False),  # not younger than the authorization
        ({**WAITING, "lock": "moving"}, 2.0, False),
        ({**WAITING, "lock": "unlocked"}, 2.0, False),
        ({**WAITING, "vehicle": "A"}, 2.0, False),
        ({**WAITING, "faults": (fault("diode_missing"),)}, 2.0, False),
    ],
)
def test_a_start_waits_for_car_lock_reading_and_health(
    facts: dict[str, object], read_at_s: float, starts: bool
) -> None:
    core = authorized()
    core.drain()
    hear(core, status(2.0, **facts), now(2))
    hear(core, reading(read_at_s, 1234), now(2))
    changes = core.drain().changes
    assert isinstance(core.state, Transaction) == starts
    assert any(isinstance(change, TransactionStarted) for change in changes) == starts
    assert (core.wish(now(2)).limit_a > 0) == starts


def test_the_wish_is_the_installations_limit_and_ends_with_the_decision_to_stop() -> None:
    core = authorized()
    hear(core, status(2.0, **WAITING), now(2))
    hear(core, reading(2.0), now(2))
    assert core.wish(now(2)).limit_a == 20.0
    hear(core, status(3.0, **CHARGING), now(3))
    core.connector.stop("Remote", now(4))
    assert core.wish(now(4)).limit_a == 0.0
    assert core.connector.status(now(4)) == "Charging"  # it holds until the row is written


def test_to_stop_twice_keeps_the_first_reason() -> None:
    core = authorized()
    hear(core, status(2.0, **WAITING), now(2))
    hear(core, reading(2.0), now(2))
    core.connector.stop("Remote", now(3))
    core.connector.stop("Local", now(3), id_tag="TAG")
    assert isinstance(core.state, Transaction)
    assert core.state.stopping is not None
    assert core.state.stopping.reason == "Remote"


@pytest.mark.parametrize(
    ("facts", "cable"),
    [({}, "auto"), ({"LockCablePermanently": "true"}, "permanent")],
)
def test_the_cable_at_rest(facts: dict[str, str], cable: str) -> None:
    assert online(**facts).wish(now(1)).cable == cable


@pytest.mark.parametrize(("released", "cable"), [("true", "auto"), ("false", "keep")])
def test_the_cable_in_a_transaction(released: str, cable: str) -> None:
    """OCPP 1.6 9.1.27."""
    core = authorized(UnlockConnectorOnEVSideDisconnect=released)
    hear(core, status(2.0, **WAITING), now(2))
    hear(core, reading(2.0), now(2))
    assert core.wish(now(2)).cable == cable


def test_tags_are_the_same_in_any_case() -> None:
    assert same_tag("04aabbcc", "04AABBCC")
    assert same_group("Family", "FAMILY")
    assert not same_group(None, None)
    assert not same_group("FAMILY", None)

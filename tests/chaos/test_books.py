"""The judge of ledgers goes red for everything that must not be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge.demo.ledger import Payload, Transaction
from tests.chaos.books import Happened, PlugIn, Verdict, judge

DAY = "2026-01-01T00:"
PLUG_INS = [PlugIn(1000.0, 2004.0), PlugIn(2004.0, 3005.0)]
HAPPENED = [
    Happened(datetime(2026, 1, 1, 0, 10, 0, tzinfo=UTC), "Local"),
    Happened(datetime(2026, 1, 1, 0, 30, 0, tzinfo=UTC), "PowerLoss"),
]


def told(
    number: int,
    meters: tuple[int, int],
    times: tuple[str, str],
    reason: str,
    *,
    values: Payload | None = None,
) -> Transaction:
    start = {
        "connectorId": 1, "idTag": "04AABBCC", "meterStart": meters[0], "timestamp": f"{DAY}{times[0]}Z",
    }  # fmt: skip
    stop = {
        "transactionId": number, "meterStop": meters[1], "timestamp": f"{DAY}{times[1]}Z", "reason": reason,
    }  # fmt: skip
    return Transaction(number, start, [] if values is None else [values], [stop])


def energy(at: str, wh: int) -> Payload:
    value = {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    return {"meterValue": [{"timestamp": f"{DAY}{at}Z", "sampledValue": [value]}]}


def data(values: Payload) -> Payload:
    return {"transactionData": values["meterValue"]}


FIRST = told(1, (1000, 2000), ("01:00", "10:00"), "Local", values=energy("05:00", 1500))
SECOND = told(2, (2000, 3000), ("20:00", "31:00"), "PowerLoss")


def verdict(*transactions: Transaction) -> Verdict:
    return judge(transactions, PLUG_INS, HAPPENED)


def test_what_agrees_has_no_faults() -> None:
    assert verdict(FIRST, SECOND) == Verdict(2, 0, 0, 0, 0, ())


def test_two_sessions_cut_within_a_step_or_two_of_the_register() -> None:
    """Seen: 13 Wh received, 0 and 20 billed by a register that shows tens."""
    plug_ins = [PlugIn(1000.0, 1979.9), PlugIn(1979.9, 1993.0)]
    first = told(1, (1000, 1970), ("01:00", "02:00"), "PowerLoss")
    cut = told(2, (1970, 1970), ("03:00", "04:00"), "PowerLoss")
    cut_again = told(3, (1970, 1990), ("05:00", "06:00"), "PowerLoss")
    assert judge([first, cut, cut_again], plug_ins, None).faults == ()
    assert judge([first, cut], plug_ins, None).faults != ()


def test_one_without_energy_came_first_though_the_clock_was_put_back_after_it() -> None:
    cut = told(1, (1000, 1000), ("50:00", "51:00"), "PowerLoss")
    assert judge([cut, FIRST, SECOND], PLUG_INS, None).faults == ()


def test_a_repeated_message_is_no_second_session() -> None:
    unanswered = Transaction(7, FIRST.start)
    twice = replace(SECOND, stops=SECOND.stops * 2)
    assert verdict(unanswered, FIRST, twice) == Verdict(2, 0, 0, 1, 1, ())


def test_a_cut_after_an_orderly_end_is_a_reboot() -> None:
    cut, cut_again = (datetime(2026, 1, 1, 0, at, 0, tzinfo=UTC) for at in (25, 30))
    reboot, power_loss = (
        [FIRST, told(2, (2000, 3000), ("20:00", "31:00"), reason)] for reason in ("Reboot", "PowerLoss")
    )
    once, then_cut = [HAPPENED[0], Happened(cut, "Reboot")], Happened(cut_again, "PowerLoss")
    assert judge(reboot, PLUG_INS, once).faults == ()
    assert "its reason is PowerLoss" in judge(power_loss, PLUG_INS, once).faults[0]
    assert judge(power_loss, PLUG_INS, [*once, then_cut]).faults == ()
    assert "its reason is Reboot" in judge(reboot, PLUG_INS, [*once, then_cut]).faults[0]


@pytest.mark.parametrize(
    ("transactions", "fault"),
    [
        ([FIRST], "lost: 1001 Wh received from 2004 Wh on"),
        ([FIRST, Transaction(2, SECOND.start)], "lost: the end of session 04AABBCC from 2000 Wh"),
        ([FIRST, SECOND, told(3, (2000, 3000), ("20:01", "31:00"), "PowerLoss")], "bill the same energy"),
        (
            [FIRST, SECOND, Transaction(3, {**SECOND.start, "timestamp": f"{DAY}20:07Z"})],
            "duplicated: session 04AABBCC from 2000 Wh at 2026-01-01T00:20:07Z is session",
        ),
        ([told(1, (1000, 1960), ("01:00", "10:00"), "Local"), SECOND], "960 Wh billed for 1004 Wh received"),
        ([FIRST, SECOND, told(3, (3000, 3100), ("40:00", "41:00"), "Local")], "100 Wh that no car received"),
        ([FIRST, told(2, (2000, 3000), ("20:00", "19:00"), "PowerLoss")], "it ends before it begins"),
        ([FIRST, told(2, (2000, 1990), ("20:00", "31:00"), "PowerLoss")], "is below meterStart"),
        ([FIRST, told(2, (2000, 3000), ("09:00", "31:00"), "PowerLoss")], "begins before"),
        ([FIRST, told(2, (2000, 3000), ("20:00", "31:00"), "Local")], "but its reason is Local"),
        ([told(1, (1000, 2000), ("01:00", "10:00"), "Remote"), SECOND], "nothing happened for the reason"),
        ([told(1, (1000, 2000), ("01:00", "10:23"), "Local"), SECOND], "nothing happened for the reason"),
        ([told(1, (1000, 2000), ("10:01", "10:02"), "Local"), SECOND], "nothing happened for the reason"),
        ([FIRST, told(2, (2000, 3000), ("30:01", "31:00"), "PowerLoss")], "nothing happened for the reason"),
        ([FIRST, told(2, (2000, 3000), ("20:00", "31:00"), "Reboot")], "but its reason is Reboot"),
        ([told(1, (1030, 2000), ("01:00", "10:00"), "Local"), SECOND], "but the register stood at 1000 Wh"),
        (
            [told(1, (1000, 1982), ("01:00", "10:00"), "Local"), SECOND],
            "meterStop 1982 Wh, but the register stood at 2004",
        ),
        ([replace(FIRST, values=[energy("05:00", 900)]), SECOND], "time and energy disagree"),
        ([replace(FIRST, values=[energy("10:01", 2000)]), SECOND], "values of 2026-01-01T00:01:00Z to"),
        (
            [replace(FIRST, stops=[{**FIRST.stops[0], **data(energy("05:00", 2001))}]), SECOND],
            "time and energy disagree",
        ),
        ([FIRST, replace(SECOND, stops=[*SECOND.stops, FIRST.stops[0]])], "its stops differ"),
    ],
)
def test_what_is_wrong_is_said(transactions: list[Transaction], fault: str) -> None:
    assert any(fault in said for said in verdict(*transactions).faults)

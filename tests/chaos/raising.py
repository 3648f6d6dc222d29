"""`python -m tests.chaos.raising [--count N] [--seed S]`: an error of ours in each function of the core.

Ten stories are lived in simulated time; one function that the bridge enters in one of them raises once, at an
entry that is drawn by seed. What must hold whatever happens must hold then too (the observer of
`tests/scenarios/chaos.py`), the bridge must have noticed the error, and must charge another car after it.
`--count 0`: every function that any of them enters. Exit 1: a story went wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge.core.session import Transaction
from tests.bridge.raiser import Raiser
from tests.scenarios.chaos import Chaos, Event
from tests.scenarios.script import Mode

ENTRIES_MOST = 40  # a function that is entered each tick raises early in the story, so that much follows


def wait(for_s: float) -> Event:
    return Event("wait", for_s=for_s)


def do(verb: str, argument: str = "") -> Event:
    return Event("do", verb, argument)


def call(action: str, **payload: Any) -> Event:
    return Event("call", action, payload=payload)


SESSION = (
    do("card", "04AABBCC"), wait(2), do("car plugs in, ready"), wait(25), do("card", "04AABBCC"), wait(10),
    do("car leaves"), wait(5),
)  # fmt: skip
PROFILE = {
    "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0}],
    },
}  # fmt: skip
LATER = "2099-01-01T00:00:00Z"
LISTED = [{"idTag": "04DDEEFF", "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}]
STORIES: dict[str, tuple[Event, ...]] = {
    "a card": SESSION,
    "from afar": (
        call("RemoteStartTransaction", idTag="04AABBCC"), wait(2), do("car plugs in, ready"), wait(20),
        do("car pauses"), wait(15), do("car ready"), wait(15),
        call("RemoteStopTransaction", transactionId=1), wait(10), do("car leaves"), wait(5),
    ),
    "offline": (do("link lost"), wait(2), *SESSION, do("link back"), wait(20)),
    "limits": (
        call("SetChargingProfile", connectorId=1, csChargingProfiles=PROFILE), *SESSION[:4],
        call("GetCompositeSchedule", connectorId=1, duration=600), call("ClearChargingProfile"), *SESSION[4:],
    ),
    "reserved": (
        call("ReserveNow", connectorId=1, idTag="04AABBCC", reservationId=1, expiryDate=LATER),
        wait(2), do("card", "04111111"), wait(3), *SESSION,
        call("ReserveNow", connectorId=1, idTag="04DDEEFF", reservationId=2, expiryDate=LATER),
        wait(2), call("CancelReservation", reservationId=2),
    ),
    "lists": (
        call("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=LISTED),
        call("GetLocalListVersion"), call("ChangeConfiguration", key="LocalPreAuthorize", value="true"),
        do("card", "04DDEEFF"), wait(2), do("car plugs in, ready"), wait(20), do("card", "04AABBCC"),
        wait(10), do("car leaves"), call("ClearCache"), wait(5),
    ),
    "faults": (
        *SESSION[:4], do("fault", "diode"), wait(20), do("clear", "diode"), wait(40),
        call("UnlockConnector", connectorId=1), wait(10), do("car leaves"), wait(5),
        call("ChangeAvailability", connectorId=1, type="Inoperative"), wait(3),
        call("ChangeAvailability", connectorId=0, type="Operative"), wait(3),
    ),
    "restarts": (
        *SESSION[:4], do("bridge restarts"), wait(15), call("Reset", type="Soft"), wait(20), do("power cut"),
        wait(3), do("power back"), wait(45), do("car leaves"), wait(5),
    ),
    "errands": (
        call("GetDiagnostics", location="https://files.example/up"), wait(5), do("upload succeeds"), wait(2),
        call("UpdateFirmware", location="https://files.example/box.tar", retrieveDate="2026-01-01T00:00:00Z"),
        wait(3), do("download", "0.2.0.0"), wait(5), do("installer succeeds"), wait(20),
    ),
    "disk": (
        *SESSION[:4], do("disk slow"), call("ChangeConfiguration", key="HeartbeatInterval", value="20"),
        call("GetConfiguration"), wait(5), do("disk full"), wait(5), do("card", "04AABBCC"), wait(10),
        do("disk fast"), do("disk free"), wait(5), do("car leaves"), wait(5),
        call("TriggerMessage", requestedMessage="MeterValues"), call("DataTransfer", vendorId="V"), wait(2),
    ),
}  # fmt: skip
# What a story has asked for and, answered InternalError, is in force no more: its Central System asks again.
AGAIN = (
    call("ChangeAvailability", connectorId=0, type="Operative"), call("CancelReservation", reservationId=1),
    call("CancelReservation", reservationId=2),
)  # fmt: skip
KEYS = {
    "AllowOfflineTxForUnknownId": "true",
    "ClockAlignedDataInterval": "10",
    "MeterValueSampleInterval": "7",
}


@dataclass(frozen=True, slots=True)
class Case:
    """In that story that function raises at that entry."""

    story: str
    mode: Mode
    function: str
    entry: int

    def __str__(self) -> str:
        return f"{self.function}, entry {self.entry}, in {self.story} ({self.mode})"


def cases(seed: int) -> list[Case]:
    """One for each function that any story enters, in a story that enters it, in a drawn order."""
    chance = random.Random(seed)
    found: dict[str, Case] = {}
    stories = sorted(STORIES)
    chance.shuffle(stories)
    for story in stories:
        mode: Mode = chance.choice(("cloud", "native"))
        for function, entries in sorted(_entered(story, mode).items()):
            entry = chance.randint(1, min(entries, ENTRIES_MOST))
            found.setdefault(function, Case(story, mode, function, entry))
    drawn = list(found.values())
    chance.shuffle(drawn)
    return drawn


def _entered(story: str, mode: Mode) -> dict[str, int]:
    raiser = Raiser()
    _live(story, mode, raiser, lambda _: None)
    return dict(raiser.entered)


def wrong(case: Case) -> str:
    """Empty when all went as it must."""
    raiser = Raiser(case.function, case.entry)
    try:
        _live(case.story, case.mode, raiser, _goes_on)
    except AssertionError as breach:
        return str(breach)[:600] or "an assertion of the observer"
    return ""


def _live(story: str, mode: Mode, raiser: Raiser, after: Callable[[Chaos], None]) -> None:
    chaos = Chaos(mode, KEYS)
    try:
        chaos.let_pass(3.0)
        chaos.world.around, chaos.world.errors_of_ours_are_expected = raiser.around, bool(raiser.name)
        for event in STORIES[story]:
            chaos.happen(event)
        assert bool(raiser.name) == bool(raiser.raised), "it was not entered as often as before"
        after(chaos)
    finally:
        chaos.close()


def _goes_on(chaos: Chaos) -> None:
    """Another car charges, and nothing was lost; a dropped card may have left the first one locked."""
    for event in (*AGAIN, do("car leaves")):
        chaos.happen(event)
    if isinstance(state := chaos.world.charge_point.state, Transaction):
        chaos.happen(do("card", state.id_tag))
        chaos.happen(wait(10.0))
    for event in (do("car leaves"), wait(80.0), *SESSION[:3], wait(45.0)):
        chaos.happen(event)
    assert chaos.world.seen("contactor", "") == "closed", "no other car charges"
    for event in SESSION[4:]:
        chaos.happen(event)
    chaos.calm_down()


def main() -> int:
    """Prints a line for each case."""
    parser = argparse.ArgumentParser(prog="tests.chaos.raising")
    parser.add_argument("--count", type=int, default=0, help="so many of the functions; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began_s, bad = time.monotonic(), 0
    found = cases(asked.seed)
    chosen = found[: asked.count or None]
    for case in chosen:
        fault = wrong(case)
        bad += bool(fault)
        print(f"{'WRONG' if fault else 'ok   '} {case}{': ' if fault else ''}{fault}", flush=True)
    took_s = time.monotonic() - began_s
    print(f"{len(chosen)} of {len(found)} functions raised, {bad} stories wrong, {took_s:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

"""The screen of `evse-bridge status` and the chain of `why`: what stands there, and that nothing is wider."""

from __future__ import annotations

from datetime import UTC

import pytest

from bridge.cli.status_screen import reasons, screen
from bridge.local.state.state import FaultSeen, Limit, Queue, Refusal, State
from bridge.local.why.why import why
from bridge.local.why.words import Language, words
from tests.bridge.local.states import AT, CHARGING, INSTALLATION, READY, WELL, changed
from tests.bridge.local.why.test_table import FIRST

HOSTILE = "\x1b[2J\u202e" + "w" * 200


def told(state: State) -> State:
    return changed(state, why=why(state), queue=state.queue or Queue(waiting=0, dead_letters=0))


def shown(state: State, language: Language = "en", columns: int = 60) -> str:
    return "\n".join(screen(told(state), words(language, AT, UTC), columns))


def test_a_car_that_charges() -> None:
    profile = Limit(name="profile", limit_a=10.0, profile_id=12, until="2026-05-01T22:00:00Z")
    state = changed(
        CHARGING, mock=True, limits=(profile, INSTALLATION), box={"offered_a": 10.0, "contacts_c": 31.4}
    )
    assert (
        shown(state)
        == """\
MOCK Charging with 7.36 kW

why       Charging profile 12 allows 10 A until 22:00.
current   L1 10.7 A  L2 10.6 A  L3 10.7 A
power     7.36 kW
contacts  31 °C
session   3.42 kWh, for 41 min, card 04AABBCC
link      registered for 2 h 00 min, heard 30 s ago
queue     all delivered
faults    none"""
    )


def test_a_box_that_has_troubles_in_german() -> None:
    fault = FaultSeen(id="meter_lost", occurrence=1, for_s=75.0, clears="itself", opens=False)
    state = changed(
        READY,
        limits=(Limit(name="the lost meter", limit_a=0.0), INSTALLATION),
        box={"faults": (fault,)},
        meter={"fresh": False, "age_s": 78.0},
        link={"connected": False, "registered": False, "since_s": 93_600.0},
        queue=Queue(waiting=12, dead_letters=1),
        connector={"status": "SuspendedEVSE"},
    )
    assert (
        shown(state, "de")
        == """\
Die Box macht Pause

warum     Der Stromzähler antwortet nicht, darum ruht das
          Laden.
zu tun    Siehe die Zeilen von evse-bridge doctor zum
          Zähler. Er verschwindet von selbst, sobald die
          Ursache weg ist.
Zähler    kein Wert seit 1 min
Sitzung   3,42 kWh, seit 41 min, Karte 04AABBCC
Grenze    Die Box ohne ihren Stromzähler erlaubt 0 A.
Backend   nicht verbunden seit 1 d 2 h, gehört vor 30 s
Ausgang   12 Nachrichten warten, 1 unzustellbar: evse-bridge
          sessions --undelivered
Fehler    meter_lost: der Stromzähler liefert keine Werte (1
          min)"""
    )


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
@pytest.mark.parametrize("row", FIRST)
def test_no_line_is_wider_than_the_terminal(row: str, columns: int) -> None:
    width = max(40, min(columns, 80))
    refusal = Refusal(id_tag=HOSTILE, why=HOSTILE, ago_s=1.0, online=True)
    state = changed(FIRST[row][0], connector={"refusal": refusal, "reserved_for": HOSTILE})
    for language in ("en", "de"):
        say = words(language, AT, UTC)
        for line in (*screen(told(state), say, columns), *reasons(told(state), say, columns)):
            assert len(line) <= width
            assert line.isprintable()


def test_the_chain_is_told_in_order_each_with_what_to_do() -> None:
    chain = list(reasons(told(changed(WELL, service={"operative": False})), words("en", AT, UTC), 80))
    assert chain == [
        "Ready for a car",
        "",
        "why       The Central System has taken the box out of service.",
        "do        Have it put into service again in the Central System (Operative).",
        "then      No car is connected.",
        "do        Plug in the car.",
        "then      Nobody has said yet who wants to charge.",
        "do        Present a card that the Central System accepts.",
    ]

"""`python -m tests.chaos.numbers [--minutes 10] [--seed 1]`: absurd numbers and dates of a peer.

Each story is one box in simulated time: CALLs and answers drawn from the schemas of OCPP 1.6, with numbers
and dates at their edges, while cars come and go, programs are killed and the link is lost. Judged: no error
of ours, every frame sound, no more frames and writes than the asking explains, every Wh billed once, and a
box that charges the next car. Exit code 1 when one story fails.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
import sys
import time
import traceback
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from bridge.central_system.border import EXACT
from bridge.central_system.operations import SUPPORTED
from bridge.core.configuration.keys import KEYS
from bridge.core.rows import Change
from tests.scenarios.answers import UsualAnswers
from tests.scenarios.chaos import FREE_TAG, START_WH, TAGS, Chaos, Event
from tests.scenarios.filling_disk import Disk
from tests.scenarios.judge import OpenCall, schema_faults
from tests.scenarios.script import Mode, Payload, Tag
from tests.scenarios.test_peer_numbers import schema

NUMBERS = (
    *(str(each) for edge in (0, 2**31, 2**53, 2**63) for each in (edge - 1, edge, edge + 1)),
    *(str(-each) for edge in (2**31, 2**53, 2**63) for each in (edge - 1, edge, edge + 1)),
    "-0", "-0.0", "0.0", "1.0", "0.1", "0.30000000000000004", "1e2", "1e308", "1e400", "-1e400", "1e-400",
    "1" + "0" * 400, "-1" + "0" * 400, "9" * 5000, "0." + "3" * 400, "31.99999999999999999999", "NaN",
    "Infinity", "-Infinity", "true", "null", '"1"', "[]", "{}",
)  # fmt: skip
DATES = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "0000-01-01T00:00:00Z", "2100-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z", "2098-12-31T23:59:59Z", "2026-06-30T23:59:60Z", "2026-02-30T00:00:00Z",
    "2026-01-01T00:00:00+23:59", "2026-01-01T00:00:00-23:59", "2026-01-01T00:00:00+99:99",
    "2026-01-01T00:00:00." + "9" * 60 + "Z", "1000000-01-01T00:00:00Z", "2026-01-01", "2026-W01-1",
    "20260101T000000Z", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00", "", "soon", "\u0662026-01-01",
)  # fmt: skip
NEAR = ("2026-01-01T00:00:30Z", "2026-01-01T00:10:00Z", "2025-12-31T23:00:00+00:00", "2099-01-01T00:00:00Z")
USUAL: dict[str, Sequence[str]] = {  # by the name of a field: what keeps a life going
    "connectorId": ("1", "1", "0"), "transactionId": ("1", "2", "3"), "stackLevel": ("0", "1", "8"),
    "limit": ("0", "6", "16", "9.5", "7000"), "startPeriod": ("0", "0", "60"), "numberPhases": ("3", "1"),
    "duration": ("60", "86400"), "listVersion": ("1", "2", "9"), "chargingProfileId": ("1", "2", "3"),
    "id": ("1", "2"), "reservationId": ("1", "2"), "interval": ("0", "10", "300"), "retries": ("0", "3"),
    "retryInterval": ("0", "30"), "minChargingRate": ("6",),
}  # fmt: skip
TEXTS: dict[str, Sequence[str]] = {
    "idTag": tuple(TAGS), "parentIdTag": ("FAMILY", ""), "location": ("http://files.example/in",),
    "key": [key.name for key in KEYS],
}  # fmt: skip
ABSURD = (0.0, 0.05, 0.05, 0.1, 0.4)  # of the numbers and dates of one message: mostly a single one
OPTIONAL = 0.6
RESTARTED = 0.1
STEPS = 600  # of a story
VERBS = (
    "car plugs in, ready",
    "car plugs in",
    "car ready",
    "car pauses",
    "car leaves",
    "link lost",
    *["link back"] * 3,
)
ENDS = ("upload fails", "upload succeeds", "download fails")  # of errands
WAITS_S = (0.3, 2.0, 5.0, 11.0, 35.0, 65.0, 130.0)
KINDS = ("wait", "do", "card", "end", "trigger", *["ask"] * 40)
ASKED_OF_US = sorted(SUPPORTED)
# In a minute, beyond what is asked: values each second by three keys, Heartbeats, statuses, resends.
FRAMES_A_MINUTE, WRITES_A_MINUTE = 300, 300
STEP_WH = 21  # a session's begin and end, each to a step of the meter's register
MODES: tuple[Mode, ...] = ("cloud", "native")
Parts = dict[str, Any]


class Draw:
    """Draws JSON text from a schema: numbers that no program of ours could hold, too."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.absurd = 0  # values so far
        self._share = 0.0

    def text(self, of: Parts) -> str:
        """Writes a payload."""
        self._share = self._chance.choice(ABSURD)
        return self._text(of, "")

    def _text(self, of: Parts, name: str) -> str:
        match of.get("type"):
            case "object":
                return self._object(of)
            case "array":
                times = self._chance.choice((0, 1, 1, 2))
                return f"[{', '.join(self._text(of['items'], name) for _ in range(times))}]"
            case "integer" | "number":
                return self._one(NUMBERS, USUAL.get(name, ("1",)))
            case "boolean":
                return self._chance.choice(("true", "false"))
            case _:
                return json.dumps(self._string(of, name))

    def _one(self, absurd: Sequence[str], usual: Sequence[str]) -> str:
        is_absurd = self._chance.random() < self._share
        self.absurd += is_absurd
        return self._chance.choice(absurd if is_absurd else usual)

    def _object(self, of: Parts) -> str:
        needed = of.get("required", [])
        pairs = [
            f'"{name}": {self._text(each, name)}'
            for name, each in of.get("properties", {}).items()
            if name in needed or self._chance.random() < OPTIONAL
        ]
        return f"{{{', '.join(pairs)}}}"

    def _string(self, of: Parts, name: str) -> str:
        if of.get("format") == "date-time":
            return self._one(DATES, NEAR)
        if "enum" in of:
            return str(self._chance.choice(of["enum"]))
        if name == "value":
            return self._chance.choice(("true", "false", "0", "1", "30", "", *NUMBERS))
        return self._chance.choice(TEXTS.get(name, ("x",)))


class Counting(Disk):
    """Counts what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def apply(self, changes: Sequence[Change]) -> None:
        self.writes += 1
        super().apply(changes)


class Rate:
    """Looks for a minute with more than was asked for."""

    def __init__(self, what: str, most: int) -> None:
        self._what, self._most = what, most
        self._seen: deque[tuple[float, int, int]] = deque([(0.0, 0, 0)])

    def feed(self, now_s: float, count: int, asked: int) -> None:
        """Raises AssertionError."""
        self._seen.append((now_s, count, asked))
        while self._seen[1][0] <= now_s - 60.0:
            self._seen.popleft()
        _, before, asked_before = self._seen[0]
        more = count - before - 4 * (asked - asked_before)
        assert more <= self._most, f"{more} more {self._what} in a minute than was asked for"


class Absurd(Chaos):
    """One box and its Central System of absurd numbers."""

    def __init__(self, mode: Mode, seed: str) -> None:
        self._chance = random.Random(f"{mode} {seed}")
        self.draw = Draw(self._chance)
        self._disk = Counting()
        self.asked = self.frames = self.charged = self.absurdly_answered = 0
        self._replied: set[str] = set()
        keys = self._chance.choice(({}, {"FreeCharging": "true"}, {"AllowOfflineTxForUnknownId": "true"}))
        super().__init__(mode, dict(keys), no_time=self._chance.random() < 0.5, database=self._disk)
        self._known = {FREE_TAG: Tag("Accepted"), **TAGS}
        self._usual = UsualAnswers(self._known)
        self._rates = (Rate("frames", FRAMES_A_MINUTE), Rate("writes", WRITES_A_MINUTE))
        self._absurd = True

    def story(self, steps: int) -> None:
        """Lives, calms down, and charges another car."""
        self.let_pass(5.0)
        for _ in range(steps):
            self._step()
            self._look_at_rates()
        self._absurd = False
        self.calm_down()
        self._judge_rows()
        self._charge_another()

    def _step(self) -> None:
        if self.world.bridge is None:
            self.let_pass(1.0)
        if not self._judge.registered and self._chance.random() < RESTARTED:
            self.happen(Event("do", "bridge restarts"))  # refused, it would be silent for a day
        match self._chance.choice(KINDS):
            case "wait":
                self.let_pass(self._chance.choice(WAITS_S))
            case "do":
                self.happen(Event("do", self._chance.choice(VERBS)))
            case "end" if self.world.bridge is not None:
                self.happen(Event("do", self._chance.choice(ENDS)))
            case "card":
                self.happen(Event("do", "card", self._chance.choice([*TAGS])))
            case "trigger":
                wanted = self._chance.choice(
                    ("BootNotification", "Heartbeat", "StatusNotification", "MeterValues")
                )
                self._ask("TriggerMessage", json.dumps({"requestedMessage": wanted}))
            case _:
                action = self._chance.choice(ASKED_OF_US)
                if action != "Reset" or self._chance.random() < 0.2:
                    self._ask(action, self.draw.text(schema(action)))

    def _ask(self, action: str, payload: str) -> None:
        identity = f"cs-{self.asked}"
        self.asked += 1
        self._judge.asked(identity, action, _read(payload))
        self.world.send(f'[2,"{identity}","{action}",{payload}]')
        self.let_pass(0.0)
        owed = self._judge.registered and self.world.connected and is_json(payload)
        assert not owed or action == "UnlockConnector" or identity in self._replied, (
            f"no answer: {action} {payload}"
        )

    def heard(self, text: str) -> None:
        self.frames += 1
        frame = json.loads(text)
        assert frame[:1] != [4] or frame[2] != "InternalError", text
        if frame[0] != 2:
            self._replied.add(frame[1])
        super().heard(text)

    def _answer(self, call: OpenCall) -> None:
        self._known.setdefault(call.payload.get("idTag", ""), Tag("Accepted"))  # a key may name any
        if not self._absurd or self._chance.random() < 0.7:
            if call.action == "StartTransaction":
                self._starts.setdefault(json.dumps(call.payload, sort_keys=True), self._unused())
            super()._answer(call)
            return
        text = self.draw.text(schema(f"{call.action}Response"))
        payload = _read(text)
        self.absurdly_answered += 1
        self._judge.answered(call, payload if _sound(call.action, payload) else None)
        if call.action == "StartTransaction":
            text = self._named(call, text, payload)
        self.world.send(f'[3,"{call.id}",{text}]')

    def _named(self, call: OpenCall, text: str, payload: Payload) -> str:
        """Keeps the rule that a transaction has one id, which no other has."""
        identity, key = payload.get("transactionId"), json.dumps(call.payload, sort_keys=True)
        if type(identity) is not int or not EXACT[0] <= identity <= EXACT[1]:
            return text
        taken = identity in self._started and self._starts.get(key) != identity
        kept = self._starts.setdefault(key, self._unused() if taken else identity)
        self._started[kept] = call.payload
        return re.sub(r'("transactionId": )[-0-9]+', rf"\g<1>{kept}", text)

    def _unused(self) -> int:
        return max([1000, *(each for each in self._started if each < 10**9)]) + 1

    # What must hold

    def _look_at_rates(self) -> None:
        now_s, asked = self.world.now_s, self.asked
        for rate, total in zip(self._rates, (self.frames, self._disk.writes), strict=True):
            rate.feed(now_s, total, asked)

    def _judge_rows(self) -> None:
        """What the car received stands in the rows, those of dead letters too, once."""
        rows = self._disk.rows(1000)
        billed = sum(
            (row.meter_stop_wh or 0) - row.meter_start_wh for row in rows if row.stopped_at is not None
        )
        flowed = self.world.box.plant.energy_wh - START_WH
        open_rows = [row for row in rows if row.stopped_at is None]
        assert open_rows or abs(billed - flowed) <= STEP_WH * (len(rows) + 1), (
            f"{billed} Wh of {flowed:.0f}: {rows}"
        )

    def _charge_another(self) -> None:
        for action, payload in (
            ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
            ("ClearChargingProfile", {}),
            ("ChangeConfiguration", {"key": "FreeCharging", "value": "false"}),
        ):
            self._ask(action, json.dumps(payload))
        for verb in ("power cut", "power back", "wait", "car leaves", "car plugs in, ready", "car ready"):
            self.happen(Event("wait", for_s=40.0) if verb == "wait" else Event("do", verb))
            self.let_pass(2.0)
        if self.world.seen("status", "") == "Reserved":
            return
        self.happen(Event("do", "card", "04AABBCC"))
        self.let_pass(12.0)
        status = self.world.seen("status", "")
        assert self.world.seen("contactor", "") == "closed", f"the next car is not charged: {status}"
        self.charged += 1


def _read(text: str) -> Payload:
    """What it says, as far as it is JSON."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def is_json(text: str) -> bool:
    """RFC 8259 knows no NaN and no Infinity, which Python reads."""
    return re.search(r"[:\s\[](NaN|-?Infinity)\b", text) is None


def _sound(action: str, payload: Payload) -> bool:
    """Says whether it counts as a registration: by another validator than the box's."""
    if action != "BootNotification":
        return True
    return not schema_faults("BootNotificationResponse", payload) and abs(payload["interval"]) <= 2**31 - 1


# The campaign


def campaign(seed: int, steps: int = STEPS) -> Iterator[tuple[str, Absurd, str]]:
    """One story after another, each by its own name, with what went wrong."""
    for number in count():
        for mode in MODES:
            name = f"{seed} {number}"
            absurd = Absurd(mode, name)
            try:
                absurd.story(steps)
                yield f"{mode} {name}", absurd, ""
            except Exception as error:  # noqa: BLE001 - whatever ends the bridge is what is sought
                yield f"{mode} {name}", absurd, "".join(traceback.format_exception(error)[-3:])
            finally:
                absurd.close()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable()
    began_s, tally = time.monotonic(), Counter[str]()
    for name, absurd, fault in campaign(given.seed):
        tally["stories"] += 1
        tally["CALLs to the box"] += absurd.asked
        tally["frames of the box"] += absurd.frames
        tally["answers of absurd numbers"] += absurd.absurdly_answered
        tally["absurd values"] += absurd.draw.absurd
        tally["charged another car"] += absurd.charged
        tally["failed"] += bool(fault)
        if fault:
            print(f"story {name}: {fault}", flush=True)
        if time.monotonic() - began_s >= 60 * given.minutes:
            break
    print(", ".join(f"{value} {name}" for name, value in tally.items()), end="; ")
    print(f"{time.monotonic() - began_s:.0f} s")
    return 1 if tally["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

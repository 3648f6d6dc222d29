"""`python -m tests.chaos.corruption [--count 2000] [--seed 1]`: databases of a card that forgets.

Each is a copy of one full store with 1 to 20 of its bits turned over. The bridge has to come up on it, has to
charge a car that comes, and every session that could be read has to be sent or shown as a dead letter.
Exit code 1 when one database fails.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bridge.central_system.schemas import request_fault
from bridge.core.charging_profile import ChargingProfile, Period
from bridge.core.id_tag import IdTagInfo, ListEntry
from bridge.core.rows import (
    Change,
    Delivered,
    DimmingNoted,
    DimmingRow,
    Frozen,
    GivenUp,
    LocalListSent,
    MessageRef,
    ProfileInstalled,
    Remembered,
    SampleTaken,
    StartConfirmed,
    TagCached,
    TransactionStarted,
)
from bridge.core.setup import ACCEPTED_AT, OPERATIVE
from bridge.store import Database
from bridge.store.opening import opened, set_aside
from tests.bridge.core.messages import CHARGING, WAITING
from tests.bridge.shell import BEGINS, Shell
from tests.bridge.store.model import EPOCH, a_row, a_sample, a_stop
from tests.memory import MEMORY

DELIVERED, DEAD, WAITS, OPEN = range(1, 31), (31, 32), (33, 34, 35), 36
MOST_BITS = 20
NEW_TAG = "04NEWCAR"
ESSENTIAL = ("id_tag", "meter_start_wh", "started_at", "stopped_at", "meter_stop_wh")


def fill(path: Path) -> None:
    """A store with some of everything: 30 sessions delivered, two dead letters, three that wait, one open."""
    with closing(Database(path)) as store:
        for row_id in (*DELIVERED, *DEAD, *WAITS, OPEN):
            store.apply(_session(row_id))
        store.apply(
            [
                LocalListSent(
                    3, tuple(ListEntry(f"LIST{each}", IdTagInfo("Accepted")) for each in range(20)), True
                ),
                *(TagCached(f"CACHE{each}", IdTagInfo("Accepted", "G", EPOCH), EPOCH) for each in range(10)),
                *(ProfileInstalled(_profile(each)) for each in range(1, 4)),
                *(DimmingNoted(DimmingRow(each, "boot-1", EPOCH, 4200.0, EPOCH, EPOCH)) for each in (1, 2)),
                Remembered(ACCEPTED_AT, "ws://127.0.0.1:9000/ocpp"),
                Remembered(OPERATIVE, "true"),
                Remembered("key:ConnectionTimeOut", "90"),
                Remembered("key:MeterValueSampleInterval", "60"),
                Remembered("clock", f'["boot-1", "time server", "{BEGINS.isoformat()}", 1000.0]'),
            ]
        )


def _profile(profile_id: int) -> ChargingProfile:
    periods = (Period(0, 16.0), Period(3600, 10.0, 3))
    return ChargingProfile(profile_id, 1, "TxDefaultProfile", profile_id, "Absolute", "A", periods, 0)


def _session(row_id: int) -> list[Change]:
    row = replace(a_row(row_id), boot_id="boot-1" if row_id == OPEN else "boot-0")
    sampled: list[Change] = []
    for seq in range(5):
        taken = replace(
            a_sample(seq),
            at=row.started_at + timedelta(minutes=5 * seq),
            energy_wh=row.meter_start_wh + 100 * seq,
            stop_measurands="Energy.Active.Import.Register" if seq in (0, 4) else "",
            context="Transaction.Begin" if seq == 0 else "Sample.Periodic",
        )
        sampled.append(SampleTaken(row_id, seq, taken))
    begun: list[Change] = [TransactionStarted(row), *sampled]
    stop = replace(a_stop(row_id), meter_stop_wh=row.meter_start_wh + 500)
    if row_id == OPEN:
        return [*begun, StartConfirmed(row_id, 1000 + row_id, "Accepted", None)]
    if row_id in WAITS:
        frozen = {"connectorId": 1, "idTag": row.id_tag, "meterStart": row.meter_start_wh}
        at = row.started_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        first = (
            [Frozen(MessageRef(row_id, "start"), {**frozen, "timestamp": at})] if row_id == WAITS[0] else []
        )
        return [*begun, stop, *first]
    if row_id in DEAD:
        return [*begun, stop, GivenUp(row_id, "StartTransaction was answered with FormationViolation")]
    values = [Delivered(MessageRef(row_id, "values", seq)) for seq in range(5)]
    confirmed = StartConfirmed(row_id, 1000 + row_id, "Accepted", None)
    return [*begun, confirmed, *values, stop, Delivered(MessageRef(row_id, "stop"))]


# Attack


def flipped(content: bytes, chance: random.Random) -> bytes:
    """The same with 1 to 20 bits turned over, anywhere or all in one page."""
    made = bytearray(content)
    bits = chance.randint(1, MOST_BITS)
    page = chance.randrange(0, len(made), 512) if chance.random() < 0.3 else None
    for _ in range(bits):
        at = chance.randrange(len(made)) if page is None else page + chance.randrange(512)
        made[min(at, len(made) - 1)] ^= 1 << chance.randrange(8)
    return bytes(made)


def readable(path: Path) -> dict[int, dict[str, Any]]:
    """What plain SQLite can read of each session, one at a time; read-only, by row id."""
    found: dict[int, dict[str, Any]] = {}
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        connection.text_factory = bytes
        for row_id in range(1, OPEN + 1):
            try:
                (values,) = connection.execute(
                    f"SELECT {', '.join(ESSENTIAL)} FROM transactions WHERE row_id = ?", (row_id,)
                ).fetchall()
            except (sqlite3.Error, ValueError):
                continue
            found[row_id] = dict(zip(ESSENTIAL, values, strict=True))
    return found


# Judgement


@dataclass
class Told:
    """What came of one database."""

    faults: list[str] = field(default_factory=list)
    kept_aside: bool = False
    sessions: int = 0  # that could be read, of those that matter


def judge(path: Path, whole: dict[int, dict[str, Any]]) -> Told:
    """Starts a bridge on it, lets a car charge, and looks for every session that could be read."""
    told = Told()
    found = readable(path)
    wanted = {row_id: whole[row_id] for row_id, each in found.items() if each == whole[row_id]}
    told.sessions = len(wanted)
    try:
        with closing(opened(path, BEGINS)) as store:
            store.check()
            ledger = _live(store)
            told.faults += _missing(store, ledger, wanted)
    except Exception as error:  # noqa: BLE001 - whatever ends the bridge is what is sought
        told.faults.append("".join(traceback.format_exception(error)[-4:]))
    told.kept_aside = bool(set_aside(path))
    return told


@dataclass
class Ledger:
    """What the Central System was sent of transactions."""

    starts: list[dict[str, Any]] = field(default_factory=list)
    stops: list[dict[str, Any]] = field(default_factory=list)


def _live(store: Database) -> Ledger:
    shell = Shell(store)
    ledger = Ledger()
    shell.connect()
    _answered(shell, ledger)
    shell.let_pass(8.0)
    _answered(shell, ledger)
    shell.card(NEW_TAG)
    _answered(shell, ledger)
    for facts, for_s in ((WAITING, 4.0), (CHARGING, 10.0)):
        shell.facts = facts
        shell.let_pass(for_s)
        _answered(shell, ledger)
    assert shell.wishes()[-1].limit_a >= 6.0, f"the new car gets {shell.wishes()[-1]}: {shell.lines()[-800:]}"
    shell.card(NEW_TAG)
    shell.facts = {}
    for _ in range(40):
        shell.let_pass(4.0)
        if not _answered(shell, ledger):
            break
    assert "an error of ours" not in shell.lines(), shell.lines()
    assert any(start["idTag"] == NEW_TAG for start in ledger.starts), "the new session was not sent"
    assert store.backlog() == 0, f"{store.backlog()} messages wait for ever: {store.head()}"
    assert store.open_transaction() is None
    return ledger


def _answered(shell: Shell, ledger: Ledger) -> int:
    """Every CALL, whatever it is; says how many were answered."""
    number = 0
    while (call := shell.open_call) is not None and number < 500:
        number += 1
        _, identity, action, payload = call
        if request_fault(action, payload) is not None:
            shell.refuse(identity)
            continue
        match action:
            case "BootNotification":
                shell.answer({"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 0})
            case "Authorize":
                shell.answer({"idTagInfo": {"status": "Accepted"}})
            case "StartTransaction":
                ledger.starts.append(payload)
                shell.answer(
                    {"transactionId": 5000 + len(ledger.starts), "idTagInfo": {"status": "Accepted"}}
                )
            case "StopTransaction":
                ledger.stops.append(payload)
                shell.answer({})
            case "Heartbeat":
                shell.answer({"currentTime": "2026-01-01T00:00:00Z"})
            case _:
                shell.answer({})
    return number


def _missing(store: Database, ledger: Ledger, wanted: dict[int, dict[str, Any]]) -> Iterator[str]:
    rows = {row.row_id: row for row in store.rows(1000)}
    dead = {row.row_id for row in store.dead_letters()}
    started = {start["meterStart"]: start for start in ledger.starts}
    stopped = {stop["meterStop"] for stop in ledger.stops}
    for row_id, values in wanted.items():
        row = rows.get(row_id)
        if row is None or row.id_tag != values["id_tag"].decode():
            yield f"session {row_id} is lost: {row}"
        elif row_id in WAITS and row_id not in dead:
            if values["meter_start_wh"] not in started or values["meter_stop_wh"] not in stopped:
                yield f"session {row_id} was not sent, and is no dead letter: {row}"
        elif row_id == OPEN and row_id not in dead and row.stopped_at is None:
            yield f"session {row_id} is still open"
    again = [start for start in started if start - 12_345_000 in DELIVERED]
    if again:
        yield f"sent once more: {again}"
    if len(started) != len(ledger.starts):
        yield f"a start was sent twice: {ledger.starts}"


# The campaign


def campaign(count: int, seed: int) -> Iterator[tuple[int, Told]]:
    """So many databases, each by its own number."""
    folder = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
    try:
        fill(folder / "whole.sqlite")
        content = (folder / "whole.sqlite").read_bytes()
        whole = readable(folder / "whole.sqlite")
        assert len(whole) == OPEN
        for number in range(count):
            case = folder / str(number)
            case.mkdir()
            path = case / "bridge.sqlite"
            path.write_bytes(flipped(content, random.Random(f"{seed} {number}")))
            yield number, judge(path, whole)
            shutil.rmtree(case)
    finally:
        shutil.rmtree(folder)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000, help="databases")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable()
    began_s, tally = time.monotonic(), Counter[str]()
    for number, told in campaign(given.count, given.seed):
        tally["databases"] += 1
        tally["kept aside"] += told.kept_aside
        tally["failed"] += bool(told.faults)
        tally["sessions that could be read"] += told.sessions
        for fault in told.faults:
            print(f"database {number} of seed {given.seed}: {fault}", flush=True)
    print(", ".join(f"{value} {name}" for name, value in tally.items()), end="; ")
    print(f"{time.monotonic() - began_s:.0f} s")
    return 1 if tally["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

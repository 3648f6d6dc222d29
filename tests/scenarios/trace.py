"""What a run did, without when: the pure world and the real processes must do the same.

The frames are not here: the scenario itself wants the same of both, each in its place.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

# Lines of the shell, which moves bytes and has no counterpart in the pure world.
OF_THE_SHELL = (
    "connected to ",
    "no connection to ",
    "link: ",
    "hal.safety",
    "Reset: asking",
)
STORED = {
    "transactions": "row_id, connector_id, id_tag, parent_id_tag, transaction_id, id_tag_status, "
    "stop_reason, stop_id_tag, stop_estimated, given_up, reservation_id, given_up_for_now",
    "outbox": "row_id, place",
    "set_aside": "row_id, place",
    "charging_profiles": "profile_id, connector_id, purpose, stack_level, kind, unit, row_id",
    "local_list": "tag, status, parent_id_tag",
    "local_list_version": "version",
    "authorization_cache": "tag, status, parent_id_tag",
    "remembered": "name",
    "dimmings": "dimming_id, limit_w, obeyed_at IS NULL, ended_at IS NULL",
}


@dataclass(frozen=True)
class Trace:
    """Lines in their order, until the bridge was told to end; rows of each table, sorted, after its end."""

    decided: tuple[str, ...]
    switched: tuple[str, ...]
    stored: dict[str, list[tuple[object, ...]]]


def decided(lines: Iterable[str]) -> tuple[str, ...]:
    """Leaves out what the shell says, and the numbers: meters and clocks differ."""
    return tuple(_without_numbers(line) for line in lines if not line.startswith(OF_THE_SHELL))


def switched(lines: Iterable[str]) -> tuple[str, ...]:
    """Leaves what `hal.safety` says of contactor and faults: what it sees first may differ."""
    return tuple(_without_numbers(line) for line in lines if line.startswith(("contactor ", "fault ")))


def _without_numbers(line: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "N", line)


def stored(database: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Reads what is kept, without times and energies."""
    rows: dict[str, list[tuple[object, ...]]] = {}
    for table, columns in STORED.items():
        with closing(database.execute(f"SELECT {columns} FROM {table}")) as found:
            rows[table] = sorted(found.fetchall(), key=repr)
    return rows

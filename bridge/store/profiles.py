"""Charging profiles in their table."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, assert_never

from bridge.core.charging_profile import ChargingProfile, Period
from bridge.core.rows import ProfileInstalled, ProfilesRemoved

PROFILE = (
    "profile_id",
    "connector_id",
    "purpose",
    "stack_level",
    "kind",
    "unit",
    "periods",
    "received_at",
    "start_at",
    "duration_s",
    "recurrency",
    "valid_from",
    "valid_to",
    "min_rate",
    "row_id",
)
ALL_PROFILES = f"SELECT {', '.join(PROFILE)} FROM charging_profiles ORDER BY profile_id"
_INSTALL = (
    f"INSERT OR REPLACE INTO charging_profiles ({', '.join(PROFILE)}) VALUES (?{', ?' * (len(PROFILE) - 1)})"
)


def make(connection: sqlite3.Connection, change: ProfileInstalled | ProfilesRemoved) -> None:
    """Carries out a change within the transaction of its batch."""
    match change:
        case ProfileInstalled(profile):
            _install(connection, profile)
        case ProfilesRemoved(profile_ids):
            _remove(connection, profile_ids)
        case _:
            assert_never(change)


def _install(connection: sqlite3.Connection, profile: ChargingProfile) -> None:
    """Takes the place of the one of the same id."""
    values = {name: getattr(profile, name) for name in PROFILE}
    periods = [[each.start_s, each.limit, each.number_phases] for each in profile.periods]
    values["periods"] = json.dumps(periods, allow_nan=False, separators=(",", ":"))
    connection.execute(_INSTALL, tuple(values.values()))


def _remove(connection: sqlite3.Connection, profile_ids: Sequence[int]) -> None:
    """Removes them, without effect on those that are not there."""
    for profile_id in profile_ids:
        connection.execute("DELETE FROM charging_profiles WHERE profile_id = ?", (profile_id,))


def profile_of(values: Sequence[Any]) -> ChargingProfile:
    """Makes a profile from values in the order of PROFILE."""
    fields = dict(zip(PROFILE, values, strict=True))
    fields["periods"] = tuple(Period(*period) for period in json.loads(fields["periods"]))
    return ChargingProfile(**fields)

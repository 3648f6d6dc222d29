"""Long errands that the core asks for and `bridge.jobs` runs: up- and downloads, the installer.

The core decides when an errand begins and what its end means. One of each slot at a time: a new one ends the
one before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MOST_RETRIES = 100  # further tries after the first
INTERVAL_LEAST_S, INTERVAL_MOST_S = 10, 86_400  # between two tries: no server is hammered, none is forgotten

Slot = Literal["diagnostics", "firmware"]


@dataclass(frozen=True, slots=True)
class Upload:
    """Send a document to `url`: ftp, ftps (there the path is whole), http or https."""

    url: str
    file_name: str
    content: bytes
    as_part: bool  # HTTP: part `file_name` of multipart/form-data; else the body itself


@dataclass(frozen=True, slots=True)
class Fetch:
    """Download the archive at `url`, and check that it is genuine; nothing of it if its signed manifest names
    a version older than `least`."""

    url: str
    least: str = ""  # version of four numbers; empty: any


@dataclass(frozen=True, slots=True)
class Install:
    """Check the fetched archive once more and run the installer on it."""

    version: str


@dataclass(frozen=True, slots=True)
class Errand:
    """An order to the worker of `slot`. `work` None: only end its present errand."""

    slot: Slot
    ticket: int
    work: Upload | Fetch | Install | None


@dataclass(frozen=True, slots=True)
class Done:
    """The errand succeeded, with what it found out."""

    version: str = ""  # Fetch: of the archive, as its signed manifest says, in four numbers


@dataclass(frozen=True, slots=True)
class Failed:
    """The errand failed; another try may succeed."""

    why: str


@dataclass(frozen=True, slots=True)
class NotGenuine:
    """The archive came, but it is not signed with the right key. Another try is useless."""

    why: str


@dataclass(frozen=True, slots=True)
class TooOld:
    """The signed manifest names a version that is older than the least: the archive was not downloaded."""

    version: str


Outcome = Done | Failed | NotGenuine | TooOld


@dataclass(frozen=True, slots=True)
class Ended:
    """How an errand ended. An errand that another one replaced reports nothing."""

    slot: Slot
    ticket: int
    outcome: Outcome

"""PURE: what can happen to the bridge, from its actor's point of view: one union of events."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.central_system.events import LinkEvent
from bridge.core.errand import Ended
from bridge.local.orders import Ordered
from hal.contract import Message


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed, and nothing else."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The batch of the last `Write` is durable."""


@dataclass(frozen=True, slots=True)
class NotStored:
    """Nothing of it is: the disk refuses."""

    why: str


@dataclass(frozen=True, slots=True)
class StillWriting:
    """The disk has not answered within SOON_S; `Stored` or `NotStored` follows."""


@dataclass(frozen=True, slots=True)
class RestartRefused:
    """Nobody could be asked for the restart."""


@dataclass(frozen=True, slots=True)
class End:
    """SIGTERM or SIGINT, or a restart that was asked for."""


OfDisk = Stored | NotStored | StillWriting
Event = Message | LinkEvent | Ended | Ordered | OfDisk | RestartRefused | Tick | End

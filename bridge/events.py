"""PURE: what can happen to the bridge, from its actor's point of view: one union of events."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.central_system.events import LinkEvent
from bridge.core.errand import Ended
from bridge.core.maintenance.trial import Trial
from bridge.local.orders import Ordered
from hal.contract import Message


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; nothing else happened."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The changes of the last `Write` are durable."""


@dataclass(frozen=True, slots=True)
class NotStored:
    """The disk refused the last `Write`: none of its changes is durable."""

    why: str


@dataclass(frozen=True, slots=True)
class StillWriting:
    """The disk has not answered within SOON_S; `Stored` or `NotStored` follows."""


@dataclass(frozen=True, slots=True)
class RestartRefused:
    """The supervisor could not be asked for the restart."""


@dataclass(frozen=True, slots=True)
class End:
    """SIGTERM or SIGINT, or a restart that was asked for."""


OfDisk = Stored | NotStored | StillWriting
Event = Message | LinkEvent | Ended | Ordered | OfDisk | RestartRefused | Trial | Tick | End

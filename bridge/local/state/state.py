"""PURE: what is so at one moment: the only thing that command line, page and messages are drawn from.

A field is added, never changed: command and bridge may be of two versions. Units are in the names, times are
UTC in ISO 8601; beside a time stands for how long in seconds, which also holds while nobody knows the time.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bridge.local.why.reason import Reason
from hal.contract import Clears, Phases

Step = Literal["Idle", "Authorizing", "Authorized", "Transaction", "Finishing"]


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parts: fields are named, never counted."""


class FaultSeen(_Part, frozen=True, kw_only=True):
    """A fault of the box that stands. `opens`: no current flows before it has ended."""

    id: str
    occurrence: int
    for_s: float
    clears: Clears
    opens: bool


class Wallbox(_Part, frozen=True, kw_only=True):
    """What `hal.safety` said last. While it is not alive, nothing of it is known to hold still."""

    alive: bool
    silent_s: float
    vehicle: str = "A"  # IEC 61851-1: A to F
    car: bool = False  # one is there
    car_in_doubt: bool = False  # the pilot has been open for less than a second
    lock: str | None = None  # None: a fixed cable
    cable_rating_a: float | None = None
    contactor_closed: bool = False  # the mirror contact
    contactor_for_s: float = 0.0  # so long it has been as it is
    offered_a: float = 0.0  # on the pilot; 0: nothing is offered
    offered_for_s: float | None = None  # None: nothing is offered
    withheld_by: tuple[str, ...] = ()  # what keeps the contactor open
    faults: tuple[FaultSeen, ...] = ()  # the oldest first
    closings: int = 0  # of the contactor, in the life of the box
    phases: int = 3
    socket: bool = True  # False: a fixed cable
    serial: str | None = None
    contacts_c: float | None = None

    @property
    def locked(self) -> bool:
        """Is True for a fixed cable too: it cannot leave."""
        return self.lock in ("locked", None)

    def fault(self, fault_id: str) -> FaultSeen | None:
        """Returns this fault, if it stands."""
        return next((fault for fault in self.faults if fault.id == fault_id), None)

    @property
    def opening_fault(self) -> FaultSeen | None:
        """Returns the oldest fault under which no current may flow."""
        return next((fault for fault in self.faults if fault.opens), None)


class Meter(_Part, frozen=True, kw_only=True):
    """The last reading. Not fresh: older than 3 s, and no reading any more."""

    fresh: bool
    age_s: float
    energy_wh: int
    power_w: float
    current_a: Phases
    voltage_v: Phases
    serial: str | None = None


class Refusal(_Part, frozen=True, kw_only=True):
    """A card or remote start that was refused a short while ago."""

    id_tag: str
    why: str  # OCPP's AuthorizationStatus, or our own words
    ago_s: float
    online: bool  # the Central System was asked, or could have been


class Connector(_Part, frozen=True, kw_only=True):
    """Connector 1: how far a session has come."""

    step: Step
    status: str  # OCPP's ChargePointStatus
    id_tag: str | None = None  # who asks, may charge, or charges
    source: str | None = None  # card | remote | free | page
    for_s: float = 0.0  # asking, waiting for the car, or in the transaction
    lapses_in_s: float | None = None  # the authorization, if no car comes; None: never
    stopping: str | None = None  # the reason of the end that is decided
    deauthorized: bool = False  # the Central System has refused the idTag afterwards
    kept_for: str | None = None  # the cable stays locked until this idTag is presented
    goes_on: bool = False  # free charging was interrupted, and begins again
    unlocked: bool = False  # on request (UnlockConnector), until the plug is out
    unlocking: bool = False  # this is being carried out
    locked_for_good: bool = False  # the key LockCablePermanently: no plug leaves the socket
    free_charging: bool = False
    refusal: Refusal | None = None
    reserved_for: str | None = None
    reserved_until: str | None = None


class Session(_Part, frozen=True, kw_only=True):
    """The running transaction. `number` as in `evse-bridge sessions`."""

    number: int
    transaction_id: int | None  # None: StartTransaction is not answered yet
    id_tag: str
    started_at: str | None  # None: nobody knows the time
    for_s: float
    energy_wh: int


class Limit(_Part, frozen=True, kw_only=True):
    """One limit. `name`: installation, cable, temperature, profile, or the setting or device that sets it."""

    name: str
    limit_a: float
    profile_id: int | None = None
    until: str | None = None  # when this limit changes; below 6 A: when it allows 6 A again
    until_s: float | None = None


class Service(_Part, frozen=True, kw_only=True):
    """What holds for the whole box."""

    accepted: bool  # this Central System has accepted it once
    operative: bool
    recorded: bool  # the disk takes what is decided
    start_unrecorded: bool = False  # the start of the running session is not on the disk yet
    restarting: bool = False
    updating: bool = False
    trial: str = ""  # says in words that a new version is on trial


class Link(_Part, frozen=True, kw_only=True):
    """The connection to the Central System."""

    connected: bool
    registered: bool
    standing: str  # of the registration: unasked | accepted | pending | rejected
    since_s: float | None = None  # so long connected, or not; None: never since the start
    since: str | None = None
    heard_s: float | None = None  # so long ago came its last message
    heard_at: str | None = None


class Queue(_Part, frozen=True, kw_only=True):
    """What the Central System does not have yet."""

    waiting: int  # messages
    dead_letters: int  # sessions


class State(_Part, frozen=True, kw_only=True):
    """All of it. `why`: the first decides, the others would be next, in the order of the chain."""

    at: str | None  # None: nobody knows the time
    version: str
    mock: bool
    charges: bool  # current flows, as far as contactor, car and meter show
    why: tuple[Reason, ...] = ()
    connector: Connector
    session: Session | None
    limits: tuple[Limit, ...]  # the least first: it wins
    box: Wallbox
    meter: Meter | None
    service: Service
    link: Link
    queue: Queue | None = None  # None: the store could not be asked

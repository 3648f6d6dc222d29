"""PURE: what a reason and its remedy are, as data: no language, no text."""

from __future__ import annotations

import msgspec

from hal.contract import Clears

Value = str | float | int


class _Remedy(msgspec.Struct, frozen=True, tag_field="do", kw_only=True):
    """Base of what somebody can do; the tag is the name of the class."""


class NothingToDo(_Remedy, frozen=True, kw_only=True):
    """The car charges: nobody has to do anything."""


class Wait(_Remedy, frozen=True, kw_only=True):
    """It ends by itself, in some time."""

    most_s: float  # if it still stands then, something else is the matter


class PresentCard(_Remedy, frozen=True, kw_only=True):
    """A card that the Central System accepts."""

    id_tag: str | None = None  # None: any


class PlugIn(_Remedy, frozen=True, kw_only=True):
    """Connect the car to the box."""


class PlugInAgain(_Remedy, frozen=True, kw_only=True):
    """Unplug the car, and plug it in again."""


class CheckCable(_Remedy, frozen=True, kw_only=True):
    """Unplug, look at plug and cable, plug in again."""


class CarMustAsk(_Remedy, frozen=True, kw_only=True):
    """The car decides: its timer, its target, its app."""


class SwitchMainsOn(_Remedy, frozen=True, kw_only=True):
    """The breaker, or the residual current device, of the box."""


class RemoveFault(_Remedy, frozen=True, kw_only=True):
    """Its cause; then what ends it."""

    fault: str
    clears: Clears


class RaiseOwnLimit(_Remedy, frozen=True, kw_only=True):
    """The owner raises or removes his own limit."""


class RaiseLimit(_Remedy, frozen=True, kw_only=True):
    """Whoever set it raises or removes it; or wait until it changes."""

    name: str
    profile_id: int | None = None


class ReleaseCable(_Remedy, frozen=True, kw_only=True):
    """The Central System switches LockCablePermanently off: only then the plug can leave the socket."""


class LightenHouse(_Remedy, frozen=True, kw_only=True):
    """Less load in the house; a pause of the main fuse ends by itself then."""


class CheckHouseMeter(_Remedy, frozen=True, kw_only=True):
    """Its wire, its supply, its address."""


class WaitForSun(_Remedy, frozen=True, kw_only=True):
    """Or the owner switches solar.surplus off."""


class WaitForGrid(_Remedy, frozen=True, kw_only=True):
    """The grid operator ends the dimming; a wire that is cut dims too."""


class RestoreLink(_Remedy, frozen=True, kw_only=True):
    """The network, or the Central System at the other end."""


class Register(_Remedy, frozen=True, kw_only=True):
    """The operator accepts this box in the Central System."""


class SetOperative(_Remedy, frozen=True, kw_only=True):
    """The Central System puts the box into service (ChangeAvailability)."""


class FreeDisk(_Remedy, frozen=True, kw_only=True):
    """Make room, or replace the card."""


class StartProgram(_Remedy, frozen=True, kw_only=True):
    """A program of the box does not run, or hangs."""

    program: str


class ReleaseStopButton(_Remedy, frozen=True, kw_only=True):
    """Somebody holds it, or its wire is cut."""


class RunDoctor(_Remedy, frozen=True, kw_only=True):
    """What is missing needs whoever built the box."""


Remedy = (
    NothingToDo
    | Wait
    | PresentCard
    | PlugIn
    | PlugInAgain
    | CheckCable
    | CarMustAsk
    | SwitchMainsOn
    | RemoveFault
    | RaiseLimit
    | RaiseOwnLimit
    | ReleaseCable
    | LightenHouse
    | CheckHouseMeter
    | WaitForSun
    | WaitForGrid
    | RestoreLink
    | Register
    | SetOperative
    | FreeDisk
    | StartProgram
    | ReleaseStopButton
    | RunDoctor
)


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table that holds. `until`: when it changes by itself, UTC; None: nobody knows."""

    id: str
    remedy: Remedy
    values: dict[str, Value] = {}
    until: str | None = None

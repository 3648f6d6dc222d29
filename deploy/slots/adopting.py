"""What the package brought becomes a slot: at once where nothing runs, else it waits for its trial."""

from __future__ import annotations

from deploy.slots import room
from deploy.slots.carrying_out import Carrier
from deploy.slots.looking import look
from deploy.slots.steps import Forget, Seen, Switch, Wanted, may_replace, with_a_version


def adopt(carrier: Carrier, *, needs_trial: bool, allow_older: bool) -> str:
    """Says what was done, or what will be. `needs_trial`: the programs run, or start at a boot.

    Raises OSError, TreeError; RefusedError where the card has no room.
    """
    with carrier.alone():
        return _adopt(carrier, look(carrier.places), needs_trial=needs_trial, allow_older=allow_older)


def _adopt(carrier: Carrier, seen: Seen, *, needs_trial: bool, allow_older: bool) -> str:
    version = carrier.package
    if seen.current is None:
        _check_room(carrier, spare=0)
        carrier.carry_out(with_a_version(seen, version))
        return f"evse-bridge {look(carrier.places).current} is installed"
    if version == seen.current:
        carrier.carry_out((Forget(),))
        return f"evse-bridge {version} is already the current version: nothing was changed"
    if not may_replace(version, seen.current, allow_older=allow_older):
        return (
            f"evse-bridge {seen.current} stays: the package's {version} is older; to go back to it all the "
            "same: /usr/lib/evse-bridge/application/bin/python -I -m deploy.slots adopt --allow-older"
        )
    if seen.trial is None or version not in (seen.trial.version, seen.trial.before):
        _check_room(carrier, spare=room.ROOM)
        carrier.bring(carrier.places.application, version)
    if not needs_trial and not seen.trial_file:
        carrier.carry_out((Switch(version), Forget()))
        return f"evse-bridge {version} is installed in the place of {seen.current}"
    carrier.want(Wanted(version, allow_older))
    return (
        f"evse-bridge {version} is tried as soon as no car charges; {seen.current} runs until then, and "
        f"comes back if {version} does not prove itself"
    )


def _check_room(carrier: Carrier, spare: int) -> None:
    """Raises RefusedError. A first version may take the last of it: without one there is no wallbox."""
    needed = room.size_of(carrier.places.application)
    room.check(carrier.disk, carrier.places.slots, needed, f"evse-bridge {carrier.package}", spare)

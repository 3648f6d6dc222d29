"""`evse-bridge profiles`: the charging profiles that the Central System left behind, listed and cleared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime

from bridge.cli.asking import WITHIN_S, asked
from bridge.cli.meant import Meant, meant
from bridge.cli.profile_words import View, described, whom
from bridge.core.box_view import FULL_A
from bridge.core.charging_profile import ChargingProfile, Mains, moment
from bridge.core.limits.charging_schedule import Circumstances
from bridge.core.rows import ProfilesRemoved
from bridge.folders import CommandError, Folders, MisuseError
from bridge.local.orders import ClearProfiles, Installed, ListProfiles, Reply
from bridge.store import Database, StoreError
from bridge.store.reads import Reads
from bridge.store.sessions import Sessions

NONE = "no charging profile is installed"
NOMINAL = Mains(3, 230.0)  # nothing rests on it: a view without a bridge shows no amps of watts


def listed(folders: Folders) -> Iterator[str]:
    """Says what each profile limits, from when to when, and which one counts now. Raises CommandError."""
    store = meant(folders)
    if store.elsewhere:
        yield f"charging profiles of the bridge at {folders.runtime}"
    view = _view(folders, store)
    if not view.profiles:
        yield NONE
    yield from described(view) if view.profiles or view.of_bridge else ()


def clear(folders: Folders, profile_id: int | None, sure: Callable[[list[str]], bool]) -> str:
    """Removes one profile or all. `sure` is shown them, and says whether they are to go.

    Recorded when this returns. Raises MisuseError for an id that none has, CommandError.
    """
    store = meant(folders)
    profiles = _view(folders, store).profiles
    meaning = [each for each in profiles if profile_id in (None, each.profile_id)]
    if not meaning:
        if profile_id is None:
            return NONE
        ids = ", ".join(str(each.profile_id) for each in profiles) or "none is installed"
        raise MisuseError(f"clear {profile_id}: must be the id of a charging profile ({ids})")
    if not sure([f"charging profile {each.profile_id} {whom(each)}" for each in meaning]):
        return "nothing was cleared"
    return _cleared(folders, store, meaning)


def _cleared(folders: Folders, store: Meant, profiles: Sequence[ChargingProfile]) -> str:
    ids = tuple(each.profile_id for each in profiles)
    said = ", ".join(map(str, ids))
    if store.of_bridge:
        reply = asked(folders.runtime, ClearProfiles(ids), Reply, WITHIN_S)
        if reply.status != "Accepted":
            raise CommandError(f"charging profile {said}: {reply.why or 'is no longer installed'}")
        return f"cleared: {said}"
    try:
        with closing(Database(store.database)) as written:
            written.apply((ProfilesRemoved(ids),))
    except StoreError as error:
        raise CommandError(str(error)) from error
    return f"cleared: {said}"


def _view(folders: Folders, store: Meant) -> View:
    if store.of_bridge:
        found = asked(folders.runtime, ListProfiles(), Installed, WITHIN_S)
        if found.circumstances is None:
            raise CommandError(found.why)
        return View(found.profiles, found.circumstances, found.at, of_bridge=True, caps_a=found.caps_a)
    try:
        with closing(Sessions.open(store.database)) as read:
            return _stored(read)
    except StoreError as error:
        raise CommandError(str(error)) from error


def _stored(read: Reads) -> View:
    """Supposes that the session goes on which was open when the bridge ended."""
    row, at = read.open_transaction(), moment(datetime.now(UTC))
    begins_at = at if row is None else moment(row.started_at)
    circumstances = Circumstances(row.row_id if row is not None else None, begins_at, FULL_A, NOMINAL)
    return View(read.charging_profiles(), circumstances, at, of_bridge=False)

"""The roles on the socket that are reserved for system users."""

from __future__ import annotations

import pwd
from collections.abc import Mapping
from typing import get_args

from hal.contract import Role

VARIABLE = "EVSE_ROLE_USERS"  # bridge=evse-bridge,instruments=evse-instruments


class UnknownUserError(Exception):
    """The environment names a role or a user that does not exist; the text says which."""


def role_owners(environment: Mapping[str, str]) -> dict[Role, int]:
    """Maps a role to the uid it is reserved for. A role not named is anybody's who reaches the socket."""
    roles: dict[str, Role] = {role: role for role in get_args(Role)}
    owners: dict[Role, int] = {}
    for pair in filter(None, environment.get(VARIABLE, "").split(",")):
        role, _, user = pair.strip().partition("=")
        if role not in roles:
            raise UnknownUserError(f"{VARIABLE}: {pair!r}: no role {role!r}; there are {', '.join(roles)}")
        try:
            owners[roles[role]] = pwd.getpwnam(user).pw_uid
        except KeyError:
            raise UnknownUserError(f"{VARIABLE}: {pair!r}: this system has no user {user!r}") from None
    return owners

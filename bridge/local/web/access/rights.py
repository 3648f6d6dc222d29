"""PURE: the two roles, what each request needs, and why somebody may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["owner", "installer"]
# owner: charging, limits, sessions; installer: hardware, keys, profiles, faults and tokens too.
Need = Literal["open", "owner", "installer"]
RANKS: dict[Need, int] = {"open": 0, "owner": 1, "installer": 2}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request. `visit`: the value of the browser's cookie; empty: it sent none."""

    role: Role | None
    local: bool  # a program of this machine
    visit: str = ""
    by_token: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request is not carried out, for the answer."""

    status: int
    code: str
    message: str
    retry_after_s: float | None = None


def may(caller: Caller, need: Need) -> bool:
    """Says whether this role is enough."""
    return RANKS[need] <= (RANKS[caller.role] if caller.role is not None else 0)


def refusal(caller: Caller, need: Need, *, password_set: bool) -> Refused:
    """Says why not, and what to do."""
    if not password_set:
        return Refused(401, "no_password_yet", "Set a password first: POST /api/v1/password.")
    if caller.role is None:
        return Refused(401, "not_logged_in", "Log in: POST /api/v1/session, or send a token.")
    return Refused(403, "not_allowed", f"This needs the role {need}; yours is {caller.role}.")

"""Passwords, sessions and tokens: who enters, and as whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from bridge.local.web.access.access import new_visit, tried
from bridge.local.web.access.passwords import LONGEST, SHORTEST, Hashed, hashed
from bridge.local.web.access.rights import Role
from bridge.local.web.api.asked import Asked, WithCookie
from bridge.local.web.api.operation import ApiError, Done, Operation

T = TypeVar("T")
Secret = Annotated[str, Meta(min_length=1, max_length=LONGEST)]


class Who(msgspec.Struct, frozen=True):
    """Who asks. `csrf`: for the header X-CSRF-Token of each change."""

    role: Role | None
    password_set: bool
    mock: bool
    version: str
    local: bool
    csrf: str


class LogIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A password; with `role` owner the installer has the owner's rights alone."""

    password: Secret
    role: Role | None = None


class NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first password, with the code of the box; later another one, with the old one. `role`: whose."""

    password: Annotated[str, Meta(min_length=SHORTEST, max_length=LONGEST)]
    code: Annotated[str, Meta(max_length=40)] = ""
    old: Secret | None = None
    role: Role | None = None


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token for a program, by a name that tells which."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    role: Role = "owner"


class TokenSeen(msgspec.Struct, frozen=True):
    """A token, as it is listed."""

    id: str
    name: str
    role: Role
    created: str | None


class TokenMade(msgspec.Struct, frozen=True):
    """A new token: its text is shown once."""

    id: str
    token: str


class Tokens(msgspec.Struct, frozen=True):
    """All tokens of programs."""

    tokens: tuple[TokenSeen, ...]


class TokenId(msgspec.Struct, frozen=True):
    """Which token is meant."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}$")]


async def who(asked: Asked) -> WithCookie:
    """Says who asks, and gives a browser that has none its cookie."""
    visit = asked.caller.visit or new_visit()
    return WithCookie(_who(asked, asked.caller.role, visit), visit)


def _who(asked: Asked, role: Role | None, visit: str) -> Who:
    parts = asked.parts
    return Who(
        role=role,
        password_set=parts.access.password_set,
        mock=parts.mock,
        version=parts.version,
        local=asked.caller.local,
        csrf=parts.access.csrf(visit),
    )


async def log_in(asked: Asked) -> WithCookie:
    """Raises ApiError for a wrong password, and for too many."""
    given: LogIn = asked.body
    role = await _role_by(asked, given.password)
    if given.role == "installer" and role != "installer":
        raise ApiError(403, "not_allowed", "This password is not that of the installer.")
    return _entered(asked, given.role or role)


def _entered(asked: Asked, role: Role) -> WithCookie:
    visit = asked.parts.access.log_in(role, asked.now_s, instead_of=asked.caller.visit)
    return WithCookie(_who(asked, role, visit), visit)


async def log_out(asked: Asked) -> WithCookie:
    """Ends the session of this browser."""
    asked.parts.access.log_out(asked.caller.visit)
    return WithCookie(Done(), "")


async def set_password(asked: Asked) -> WithCookie:
    """Raises ApiError for a wrong code or old password."""
    access, given = asked.parts.access, asked.body
    if not access.password_set:
        return await _set_first(asked, given)
    if given.old is None:
        raise ApiError(403, "old_password", "A password is set: give the old one as `old`.")
    by = await _role_by(asked, given.old)
    role = given.role or by
    if by == "owner" and role == "installer":
        raise ApiError(403, "not_allowed", "Only the installer may change the installer's password.")
    await _set(asked, role, given.password)
    return _entered(asked, by)


async def _set_first(asked: Asked, given: NewPassword) -> WithCookie:
    if not asked.caller.local:
        _take_turn(asked)
        if not asked.parts.access.code_fits(given.code):
            raise ApiError(403, "code", "This is not the code of the box: `sudo evse-bridge page-code`.")
        asked.parts.access.attempts.succeeded(asked.place)
    await _set(asked, "installer", given.password, only_first=True)
    return _entered(asked, "installer")


async def _set(asked: Asked, role: Role, password: str, *, only_first: bool = False) -> None:
    """`only_first`: nobody has been quicker."""
    access, cost = asked.parts.access, asked.parts.hashing.cost
    new: Hashed = await asked.parts.hashing.hash(lambda: hashed(password, cost))
    if only_first and access.password_set:
        raise ApiError(409, "rejected", "Somebody has set a password meanwhile.")
    _lasting(lambda: access.set_password(role, new))


async def _role_by(asked: Asked, password: str) -> Role:
    """Returns whose password it is. Raises ApiError."""
    _take_turn(asked)
    kept = asked.parts.access.kept
    role = await asked.parts.hashing.hash(lambda: tried(password, kept))
    if role is None:
        raise ApiError(403, "wrong_password", "This password is wrong.")
    asked.parts.access.attempts.succeeded(asked.place)
    return role


def _take_turn(asked: Asked) -> None:
    wait_s = asked.parts.access.attempts.begin(asked.place, asked.now_s)
    if wait_s:
        why = f"Too many attempts; try again in {wait_s:.0f} s."
        raise ApiError(429, "too_many_attempts", why, wait_s)


async def tokens(asked: Asked) -> Tokens:
    """Lists them, without their texts."""
    kept = asked.parts.access.kept.tokens
    return Tokens(tuple(TokenSeen(each.id, each.name, each.role, each.created) for each in kept))


async def add_token(asked: Asked) -> TokenMade:
    """Raises ApiError when there are too many, or the disk takes nothing."""
    given: NewToken = asked.body
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    made = _lasting(lambda: asked.parts.access.add_token(given.name, given.role, now))
    if made is None:
        raise ApiError(409, "rejected", "There are too many tokens: remove one.")
    return TokenMade(made[0].id, made[1])


async def remove_token(asked: Asked) -> Done:
    """Raises ApiError when there is none."""
    place: TokenId = asked.places
    if not _lasting(lambda: asked.parts.access.remove_token(place.id)):
        raise ApiError(404, "not_found", f"There is no token {place.id}.")
    return Done()


def _lasting(work: Callable[[], T]) -> T:
    """Raises ApiError when the disk does not take it."""
    try:
        return work()
    except OSError as error:
        raise ApiError(503, "not_stored", f"The disk takes nothing: {error.strerror}.") from None


OPERATIONS = (
    Operation("GET", "/session", "Says who asks", "open", who, gives=Who),
    Operation("POST", "/session", "Logs in", "open", log_in, takes=LogIn, gives=Who),
    Operation("DELETE", "/session", "Logs out", "open", log_out),
    Operation("POST", "/password", "Sets a password", "open", set_password, takes=NewPassword, gives=Who,
              refuses=(409,)),
    Operation("GET", "/tokens", "Lists the tokens of programs", "installer", tokens, gives=Tokens),
    Operation("POST", "/tokens", "Makes a token for a program", "installer", add_token, takes=NewToken,
              gives=TokenMade, refuses=(409,)),
    Operation("DELETE", "/tokens/{id}", "Removes a token", "installer", remove_token, places=TokenId),
)  # fmt: skip

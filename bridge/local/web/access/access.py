"""Who may do what: decides by cookie, token, address, and what is kept.

It hashes no password itself, except in `tried`, which its owner runs where waiting hurts nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bridge.local.web.access import rights
from bridge.local.web.access.attempts import Attempts
from bridge.local.web.access.kept import Kept, Token
from bridge.local.web.access.passwords import Hashed, matches
from bridge.local.web.access.rights import Caller, Need, Refused, Role
from bridge.local.web.access.sessions import Sessions

MOST_TOKENS = 16
TOKEN_PREFIX = "evse_"


@dataclass(frozen=True, slots=True)
class Knock:
    """What a request says about who sends it."""

    local: bool  # it comes from this machine, and not for another one
    cookie: str = ""
    bearer: str | None = None  # of the header Authorization
    csrf: str = ""
    own_origin: bool = True


def tried(password: str, kept: Kept) -> Role | None:
    """Returns whose password it is; None: nobody's. Slow on purpose."""
    if kept.installer is not None and matches(password, kept.installer):
        return "installer"
    if kept.owner is not None and matches(password, kept.owner):
        return "owner"
    return None


class Access:
    """The access of one box. `save` makes a change last, and may raise OSError: then nothing has changed."""

    def __init__(self, kept: Kept, code: str, save: Callable[[Kept], None]) -> None:
        """`code`: with which the first password is set."""
        self.kept = kept
        self.attempts = Attempts()
        self._code = code
        self._save = save
        self._sessions = Sessions()
        self._secret = secrets.token_bytes(32)

    @property
    def password_set(self) -> bool:
        """Says whether somebody has set one."""
        return self.kept.installer is not None

    def caller(self, knock: Knock, now_s: float) -> Caller:
        """Says who it is. A token counts alone: what the cookie says is not looked at then."""
        if knock.bearer is not None:
            return Caller(self._role_of_token(knock.bearer), knock.local, by_token=True)
        role = self._sessions.role(knock.cookie, now_s) if knock.cookie else None
        if role is None and knock.local and not self.password_set:
            role = "installer"
        return Caller(role, knock.local, knock.cookie)

    def refusal(self, knock: Knock, caller: Caller, need: Need, *, changes: bool) -> Refused | None:
        """Says why this request is not carried out; None: it is. `changes`: it is more than a look."""
        if not rights.may(caller, need):
            return rights.refusal(caller, need, password_set=self.password_set)
        if not changes or caller.by_token:
            return None
        if not knock.own_origin:
            return Refused(
                403, "foreign_page", "Another page has sent this request; open the page of the box."
            )
        if not caller.visit or not hmac.compare_digest(knock.csrf.encode(), self.csrf(caller.visit).encode()):
            why = "The header X-CSRF-Token is missing or old: GET /api/v1/session gives a new one."
            return Refused(403, "csrf", why)
        return None

    def csrf(self, visit: str) -> str:
        """Returns what a page must send with each change: another page cannot know it."""
        return hmac.new(self._secret, visit.encode(), hashlib.sha256).hexdigest()

    def code_fits(self, code: str) -> bool:
        """Says whether it is the code of this box, small letters and blanks being no matter."""
        given = "".join(code.split()).replace("-", "").upper()
        return hmac.compare_digest(given.encode(errors="replace"), self._code.encode())

    def log_in(self, role: Role, now_s: float, instead_of: str = "") -> str:
        """Returns the cookie of a new session; the visit before it ends."""
        self._sessions.end(instead_of)
        visit = new_visit()
        self._sessions.begin(visit, role, now_s)
        return visit

    def log_out(self, visit: str) -> None:
        """Ends the session of this browser."""
        self._sessions.end(visit)

    def set_password(self, role: Role, password: Hashed) -> None:
        """Sets it, and ends all sessions. The first one is the installer's. Raises OSError."""
        kept = msgspec.structs.replace(self.kept, **{role if self.password_set else "installer": password})
        self._save(kept)
        self.kept = kept
        self._sessions.end_all()

    def add_token(self, name: str, role: Role, created: str | None) -> tuple[Token, str] | None:
        """Returns the new token, and its text, which is kept nowhere; None: there are too many.

        Raises OSError."""
        if len(self.kept.tokens) >= MOST_TOKENS:
            return None
        text = TOKEN_PREFIX + secrets.token_urlsafe(32)
        token = Token(id=secrets.token_hex(4), name=name, role=role, digest=_digest(text), created=created)
        self._keep_tokens((*self.kept.tokens, token))
        return token, text

    def remove_token(self, token_id: str) -> bool:
        """Says whether there was one. Raises OSError."""
        left = tuple(each for each in self.kept.tokens if each.id != token_id)
        if len(left) == len(self.kept.tokens):
            return False
        self._keep_tokens(left)
        return True

    def _keep_tokens(self, tokens: tuple[Token, ...]) -> None:
        kept = msgspec.structs.replace(self.kept, tokens=tokens)
        self._save(kept)
        self.kept = kept

    def _role_of_token(self, text: str) -> Role | None:
        digest = _digest(text)
        fitting = (each.role for each in self.kept.tokens if hmac.compare_digest(each.digest, digest))
        return next(fitting, None)


def new_visit() -> str:
    """Returns the value of a new cookie."""
    return secrets.token_urlsafe(32)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

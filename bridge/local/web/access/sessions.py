"""PURE: who is logged in, in memory, by the value of a cookie. Time and values are arguments."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.local.web.access.rights import Role

IDLE_S = 7 * 86_400.0
LIFE_S = 30 * 86_400.0
MOST = 32  # the one that was used longest ago gives way


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is logged in."""

    role: Role
    began_s: float
    used_s: float


class Sessions:
    """All that are logged in."""

    def __init__(self) -> None:
        self._by_visit: dict[str, Session] = {}  # the one used longest ago first

    def begin(self, visit: str, role: Role, now_s: float) -> None:
        """Logs that browser in."""
        self._by_visit.pop(visit, None)
        self._by_visit[visit] = Session(role, now_s, now_s)
        if len(self._by_visit) > MOST:
            del self._by_visit[next(iter(self._by_visit))]

    def role(self, visit: str, now_s: float) -> Role | None:
        """Returns as whom it is logged in; None: it is not, or not any more."""
        session = self._by_visit.pop(visit, None)
        if session is None or now_s - session.used_s > IDLE_S or now_s - session.began_s > LIFE_S:
            return None
        self._by_visit[visit] = replace(session, used_s=now_s)
        return session.role

    def end(self, visit: str) -> None:
        """Logs that browser out."""
        self._by_visit.pop(visit, None)

    def end_all(self) -> None:
        """Logs all out: a password has changed."""
        self._by_visit.clear()

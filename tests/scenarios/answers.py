"""PURE: what the Central System of the tests answers unless it is told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from tests.scenarios.judge import OpenCall
from tests.scenarios.script import Payload, Tag


class UnknownTag(LookupError):  # noqa: N818 - says what it is
    """Nobody said what to answer for this idTag."""


class UsualAnswers:
    """Authorize and StartTransaction by the table of tags; transactionIds count from 1."""

    def __init__(self, tags: Mapping[str, Tag]) -> None:
        self._tags = tags
        self._transaction_ids = count(1)

    def to(self, call: OpenCall, utc: str) -> Payload:
        """The CALLRESULT's payload. Raises UnknownTag."""
        match call.action:
            case "BootNotification":
                # OCPP 1.6 6.4: with interval 0 the charge point keeps its own.
                return {"status": "Accepted", "currentTime": utc, "interval": 0}
            case "Heartbeat":
                return {"currentTime": utc}
            case "Authorize":
                return {"idTagInfo": self._info(call)}
            case "StartTransaction":
                info = self._info(call)
                return {"transactionId": next(self._transaction_ids), "idTagInfo": info}
            case _:
                return {}

    def _info(self, call: OpenCall) -> Payload:
        id_tag = call.payload["idTag"]
        tag = self._tags.get(id_tag)
        if tag is None:
            shown = id_tag or '""'
            raise UnknownTag(
                f"{call.action} of {id_tag!r} needs an answer: `> {{...}}` below it, "
                f"or a line `tag {shown} Accepted`"
            )
        return {"status": tag.status, **({"parentIdTag": tag.parent} if tag.parent else {})}

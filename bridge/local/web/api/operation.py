"""PURE: one operation of the REST interface: what it takes, what it gives, what it needs.

Requests are judged, answers are made and the OpenAPI document is written from this alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from bridge.local.web.access.rights import Need

PREFIX = "/api/v1"
Method = Literal["GET", "POST", "PUT", "DELETE"]
T = TypeVar("T")


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operation takes nothing here."""


class Done(msgspec.Struct, frozen=True):
    """It is carried out."""

    status: Literal["Accepted"] = "Accepted"


class ErrorText(msgspec.Struct, frozen=True):
    """What is wrong: a word for programs, a sentence for people."""

    code: str
    message: str


class Error(msgspec.Struct, frozen=True):
    """Why a request was not carried out."""

    error: ErrorText


class ApiError(Exception):
    """Ends a request with an answer."""

    def __init__(self, status: int, code: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s

    @property
    def answer(self) -> Error:
        """Returns the body of the answer."""
        return Error(ErrorText(self.code, str(self)))


@dataclass(frozen=True, slots=True)
class Operation:
    """`path`: below PREFIX, with `{name}` for the fields of `places`. `gives` None: see `kind`."""

    method: Method
    path: str
    summary: str
    need: Need
    work: Callable[..., Awaitable[Any]]  # takes an Asked
    query: type[msgspec.Struct] = Nothing
    places: type[msgspec.Struct] = Nothing
    takes: type[msgspec.Struct] | None = None  # the body; None: there is none
    gives: Any = Done
    kind: str = "application/json"
    refuses: tuple[int, ...] = ()  # statuses beside those that every operation may have

    @property
    def changes(self) -> bool:
        """Says whether it does more than look."""
        return self.method != "GET"


def fields(given: Mapping[str, str], wanted: type[T], where: str) -> T:
    """Reads texts of an address. Raises ApiError with what, value and allowed."""
    try:
        return msgspec.convert(dict(given), wanted, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(400, "bad_request", complaint(error, given, where)) from None


def body(given: bytes, wanted: type[T]) -> T:
    """Reads a body. Raises ApiError."""
    try:
        read = _whole(msgspec.json.decode(given))
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ApiError(400, "bad_request", f"The body is not JSON: {why}.") from None
    try:
        return msgspec.convert(read, wanted)
    except msgspec.ValidationError as error:
        raise ApiError(400, "bad_request", complaint(error, read, "body")) from None


def _whole(read: Any) -> Any:
    """Makes 6.0 the whole number that it is, as JSON Schema has it (2020-12, 4.2.3)."""
    if isinstance(read, float) and read.is_integer():
        return int(read)
    if isinstance(read, list):
        return [_whole(each) for each in read]
    if isinstance(read, dict):
        return {name: _whole(each) for name, each in read.items()}
    return read


def complaint(error: msgspec.ValidationError, given: Any, where: str) -> str:
    """Says what is wrong, its value, and what is allowed."""
    allowed, _, place = str(error).partition(" - at `$")
    value, path = given, place.rstrip("`")
    for step in path.replace("[", ".").replace("]", "").split(".")[1:]:
        value = _within(value, step)
    shown = msgspec.json.encode(value).decode()[:80] if path and value is not None else ""
    said = f" = {shown}" if shown else ""
    return f"{where}{path}{said}: {allowed}."


def _within(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    return None

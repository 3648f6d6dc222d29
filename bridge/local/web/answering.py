"""Requests of HTTP judged and answered, for each operation of the table: who asks, what it asks, in JSON."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import hdrs, web

from bridge.local.web.access import hosts
from bridge.local.web.access.access import Knock
from bridge.local.web.access.rights import Caller, Need
from bridge.local.web.api.asked import Asked, Parts, Streamed, WithCookie
from bridge.local.web.api.operation import ApiError, Error, ErrorText, Operation, body, fields
from bridge.local.web.gate import MOST_WAITING, Gate

COOKIE = "evse"
COOKIE_LIFE_S = 30 * 86_400
BODY_WITHIN_S = 10.0
CHUNK_WITHIN_S = 20.0
JSON = "application/json"
_VISIT = re.compile(r"[A-Za-z0-9_-]{20,80}")
# Who stands between us and somebody else: what it sends does not come from this machine.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
_CODES = {404: "not_found", 405: "no_such_method", 413: "too_large"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Answering:
    """Makes a handler for each operation."""

    def __init__(self, parts: Parts, gate: Gate, names: frozenset[str], *, https: bool) -> None:
        """`names`: by which the page may be opened."""
        self._parts = parts
        self._gate = gate
        self._names = names
        self._https = https

    def handler(self, operation: Operation) -> Handler:
        """Returns what answers that operation."""

        async def answer(request: web.Request) -> web.StreamResponse:
            caller = self.admitted(request, operation.need, changes=operation.changes)
            asked = Asked(
                parts=self._parts,
                caller=caller,
                place=_place(request),
                now_s=_now_s(),
                query=fields(_single(request), operation.query, "query"),
                places=fields(request.match_info, operation.places, "path"),
                body=await _body(request, operation),
            )
            return await self._answered(request, operation, await operation.work(asked))

        return answer

    def admitted(self, request: web.Request, need: Need, *, changes: bool = False) -> Caller:
        """Returns who asks. Raises ApiError when he may not."""
        knock = _knock(request)
        caller = self._parts.access.caller(knock, _now_s())
        refused = self._parts.access.refusal(knock, caller, need, changes=changes)
        if refused is not None:
            raise ApiError(refused.status, refused.code, refused.message, refused.retry_after_s)
        return caller

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses foreign names, and turns every refusal into an answer."""
        door = self._gate.door(request.transport)
        if door is not None:
            door.set_busy(busy=True)
        try:
            if not hosts.is_own(request.headers.get("Host", ""), self._names):
                why = "The page is not opened by this name; use the address of the box, or page.names."
                raise ApiError(403, "foreign_name", why)
            return await handler(request)
        except ApiError as error:
            return self._refused(error)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            text = _CODES.get(error.status, "refused")
            headers = {"Allow": error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else {}
            answer = Error(ErrorText(text, f"{error.reason}."))
            return self.json(msgspec.json.encode(answer), error.status, headers)
        finally:
            if door is not None:
                door.set_busy(busy=False)

    def _refused(self, error: ApiError) -> web.Response:
        headers: dict[str, str] = {}
        if error.retry_after_s is not None:
            headers["Retry-After"] = f"{error.retry_after_s:.0f}"
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return self.json(msgspec.json.encode(error.answer), error.status, headers)

    def json(self, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        """Returns an answer in JSON, or one that says that too many answers wait."""
        if status < 400 and self._gate.waiting + len(content) > MOST_WAITING:
            raise ApiError(503, "busy", "Too many answers wait to be read; try again.", 5.0)
        return web.Response(body=content, status=status, content_type=JSON, headers=headers)

    async def _answered(self, request: web.Request, operation: Operation, made: Any) -> web.StreamResponse:
        match made:
            case WithCookie(answer=answer, visit=visit):
                response = self.json(msgspec.json.encode(answer))
                self._set_cookie(response, visit)
                return response
            case Streamed():
                return await _streamed(request, operation, made)
            case _:
                return self.json(msgspec.json.encode(made))

    def _set_cookie(self, response: web.Response, visit: str) -> None:
        response.set_cookie(
            COOKIE,
            visit,
            max_age=COOKIE_LIFE_S if visit else 0,
            httponly=True,
            secure=self._https,
            samesite="Strict",
        )


def _knock(request: web.Request) -> Knock:
    kind, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    cookie = request.cookies.get(COOKIE, "")
    origin = request.headers.get(hdrs.ORIGIN)
    return Knock(
        local=hosts.is_loopback(_peer(request)) and not any(name in request.headers for name in _FORWARDED),
        cookie=cookie if _VISIT.fullmatch(cookie) else "",
        bearer=token.strip() if kind.lower() == "bearer" else None,
        csrf=request.headers.get("X-CSRF-Token", ""),
        own_origin=hosts.same_origin(origin, request.headers.get("Host", ""))
        and request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none"),
    )


def _single(request: web.Request) -> dict[str, str]:
    """Raises ApiError for a name that stands twice."""
    if len(request.query) != len(set(request.query)):
        raise ApiError(400, "bad_request", "query: a name stands there twice.")
    return dict(request.query)


async def _body(request: web.Request, operation: Operation) -> Any:
    if operation.takes is None:
        return None
    if request.content_type != JSON:
        raise ApiError(415, "not_json", f"Content-Type: {request.content_type[:80]}: must be {JSON}.")
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            content = await request.read()
    except TimeoutError:
        raise ApiError(408, "too_slow", f"The body must come within {BODY_WITHIN_S:g} s.") from None
    except web.RequestPayloadError:
        raise ApiError(400, "bad_request", "The body is broken.") from None
    return body(content, operation.takes)


async def _streamed(request: web.Request, operation: Operation, made: Streamed) -> web.StreamResponse:
    """Sends it as it is read. What breaks off ends the connection, so that nobody takes it for the whole."""
    response = web.StreamResponse()
    response.content_type, response.charset = operation.kind, "utf-8"
    if made.name:
        response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{made.name}"'
    await response.prepare(request)
    try:
        async for chunk in made.chunks:
            async with asyncio.timeout(CHUNK_WITHIN_S):
                await response.write(chunk.encode("utf-8", "replace"))
        await response.write_eof()
    except (ApiError, TimeoutError, ConnectionError):
        if request.transport is not None:
            request.transport.abort()
    return response


def _peer(request: web.Request) -> str:
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    return str(peer[0]) if peer else ""


def _place(request: web.Request) -> str:
    return hosts.network_of(_peer(request))


def _now_s() -> float:
    return asyncio.get_running_loop().time()

"""The web server over its own port: entering, asking, events, and what others must not do."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bridge.core.rows import TransactionStarted
from bridge.local.orders import (
    ClearFaults,
    ClearProfiles,
    OfferAgain,
    Reply,
    SetOwnerLimit,
    StartCharging,
    StopCharging,
)
from bridge.local.web.access.attempts import OF_ONE
from bridge.local.web.events import MOST_STREAMS
from bridge.store.database import IN_MEMORY, Database
from hal.contract import FaultRef
from tests.bridge.local.web.serving import FAR, PASSWORD, PATIENCE_S, served
from tests.bridge.store.model import a_row

V1 = "/api/v1"


async def test_before_a_password_this_machine_may_all_and_the_network_only_sets_one() -> None:
    async with served() as s:
        who = (await s.ask("GET", f"{V1}/session"))[1]
        assert (who["role"], who["password_set"]) == ("installer", False)
        assert (who["mock"], who["local"]) == (True, True)
        assert (await s.ask("GET", f"{V1}/state"))[1]["bridge"] == "ok"
        who = (await s.ask("GET", f"{V1}/session", headers=FAR))[1]
        assert (who["role"], who["local"]) == (None, False)
        status, said = await s.ask("GET", f"{V1}/state", headers=FAR)
        assert (status, said["error"]["code"]) == (401, "no_password_yet")
        wrong = {"password": PASSWORD, "code": "AAAAAAAA"}
        assert (await s.ask("POST", f"{V1}/password", json=wrong, headers=FAR))[0] == 403
        right = {"password": PASSWORD, "code": s.code.lower()}
        assert (s.folder / "page-code").stat().st_mode & 0o777 == 0o600
        status, who = await s.ask("POST", f"{V1}/password", json=right, headers=FAR)
        assert (status, who["role"]) == (200, "installer")
        assert (await s.ask("GET", f"{V1}/keys", headers=FAR))[0] == 200
        assert (s.folder / "access.json").stat().st_mode & 0o777 == 0o600
        assert PASSWORD not in (s.folder / "access.json").read_text()
        assert not (s.folder / "page-code").exists()
        again = {"password": "another one", "code": right["code"]}
        assert (await s.ask("POST", f"{V1}/password", json=again, headers=FAR))[0] == 403


async def test_with_a_password_this_machine_must_log_in_too() -> None:
    async with served() as s:
        await s.enter()
        s.browser.cookie_jar.clear()
        assert (await s.ask("GET", f"{V1}/state"))[0] == 401
        await s.ask("GET", f"{V1}/session")
        for _ in range(OF_ONE):
            assert (await s.ask("POST", f"{V1}/session", json={"password": "wrong"}))[0] == 403
        async with s.browser.post(
            f"{s.url}{V1}/session", json={"password": PASSWORD}, headers={"X-CSRF-Token": s.csrf}
        ) as answer:
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) > 0


async def test_the_owner_may_less_than_the_installer() -> None:
    async with served() as s:
        await s.enter()
        given = {"old": PASSWORD, "password": "of the owner", "role": "owner"}
        assert (await s.ask("POST", f"{V1}/password", json=given))[0] == 200
        status, who = await s.ask("POST", f"{V1}/session", json={"password": "of the owner"})
        assert (status, who["role"]) == (200, "owner")
        assert (await s.ask("GET", f"{V1}/state"))[0] == 200
        assert (await s.ask("GET", f"{V1}/keys"))[0] == 403
        assert (await s.ask("POST", f"{V1}/faults/clear", json={"faults": []}))[0] == 403
        given = {"old": "of the owner", "password": "a new one", "role": "installer"}
        assert (await s.ask("POST", f"{V1}/password", json=given))[0] == 403
        given = {"password": PASSWORD, "role": "owner"}
        assert (await s.ask("POST", f"{V1}/session", json=given))[1]["role"] == "owner"
        assert (await s.ask("DELETE", f"{V1}/session"))[0] == 200
        assert (await s.ask("GET", f"{V1}/state"))[0] == 401


async def test_the_cookie_is_for_the_page_alone() -> None:
    async with served() as s:
        async with s.browser.get(f"{s.url}{V1}/session") as answer:
            cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        async with s.browser.get(s.url) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            tag = answer.headers["ETag"]
        async with s.browser.get(s.url, headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304


WELD = ClearFaults((FaultRef("weld", 2),))
ORDERS: list[tuple[str, str, Any, Any]] = [
    ("POST", "/charging/start", {"id_tag": "04AABBCC"}, StartCharging("04AABBCC")),
    ("POST", "/charging/stop", {}, StopCharging()),
    ("PUT", "/limit", {"amps": 10}, SetOwnerLimit(10.0)),
    ("PUT", "/limit", {"amps": None}, SetOwnerLimit(None)),
    ("POST", "/sessions/7/offer-again", None, OfferAgain(7)),
    ("DELETE", "/profiles/-5", None, ClearProfiles((-5,))),
    ("POST", "/faults/clear", {"faults": [{"id": "weld", "occurrence": 2}]}, WELD),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "order"), ORDERS)
async def test_an_order_reaches_the_bridge_with_the_right_alone(
    method: str, path: str, body: Any, order: Any
) -> None:
    async with served() as s:
        await s.enter()
        more = {"json": body} if body is not None else {}
        for headers in (
            {"X-CSRF-Token": "wrong"},
            {"Origin": "http://evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Host": "evil.example"},
            {"Authorization": "Bearer evse_wrong"},
        ):
            status, said = await s.ask(method, f"{V1}{path}", headers=headers, **more)
            assert status in (401, 403), said
        assert s.changed() == []
        assert (await s.ask(method, f"{V1}{path}", **more))[0] == 200
        assert s.changed() == [order]
        s.reply = Reply("Rejected", why="not now")
        status, said = await s.ask(method, f"{V1}{path}", **more)
        assert (status, said) == (409, {"error": {"code": "rejected", "message": "not now"}})


async def test_a_token_is_enough_for_a_program_until_it_is_removed() -> None:
    async with served() as s:
        await s.enter()
        made = (await s.ask("POST", f"{V1}/tokens", json={"name": "evcc", "role": "owner"}))[1]
        assert made["token"] not in (s.folder / "access.json").read_text()
        s.browser.cookie_jar.clear()
        bearer = {"Authorization": f"Bearer {made['token']}", **FAR}
        assert (await s.ask("PUT", f"{V1}/limit", json={"amps": 0}, headers=bearer))[0] == 200
        assert (await s.ask("GET", f"{V1}/tokens", headers=bearer))[0] == 403
        await s.ask("GET", f"{V1}/session")
        await s.ask("POST", f"{V1}/session", json={"password": PASSWORD})
        listed = (await s.ask("GET", f"{V1}/tokens"))[1]["tokens"]
        assert [(each["id"], each["name"]) for each in listed] == [(made["id"], "evcc")]
        assert (await s.ask("DELETE", f"{V1}/tokens/{made['id']}"))[0] == 200
        assert (await s.ask("DELETE", f"{V1}/tokens/{made['id']}"))[0] == 404
        assert (await s.ask("GET", f"{V1}/state", headers=bearer))[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PUT", "/limit", '{"amps": 99}', "body.amps = 99: Expected `float` <= 80"),
        ("PUT", "/limit", "{}", "body: Object missing required field `amps`"),
        ("PUT", "/limit", '{"amps": 6, "volts": 1}', "body: Object contains unknown field `volts`"),
        ("PUT", "/limit", "[[[", "The body is not JSON"),
        ("PUT", "/limit", "[" * 20_000, "The body is not JSON"),
        ("PUT", "/limit", '{"amps": ' + "[" * 900 + "1.0" + "]" * 900 + "}", ""),
        ("PUT", "/limit", '"\\ud800', "The body is not JSON"),
        ("POST", "/charging/start", '{"id_tag": "' + "x" * 21 + '"}', "body.id_tag = "),
        ("GET", "/state?language=fr", None, 'query.language = "fr": Invalid enum value'),
        ("GET", "/state?x=1", None, "query: Object contains unknown field `x`"),
        ("GET", "/sessions?after=-1", None, 'query.after = "-1": Expected `int` >= 0'),
        ("GET", "/sessions?after=1&after=2", None, "query: a name stands there twice"),
        ("DELETE", "/profiles/one", None, 'path.id = "one": Expected `int`'),
        ("POST", "/faults/clear", '{"faults": [{"id": "x"}]}', "body.faults[0]"),
    ],
)  # fmt: skip
async def test_what_is_not_allowed_is_said(method: str, path: str, body: str | None, said: str) -> None:
    async with served() as s:
        await s.enter()
        kind = {"Content-Type": "application/json"} if body is not None else {}
        status, answer = await s.ask(method, f"{V1}{path}", data=body, headers=kind)
        assert status == 400
        assert answer["error"]["message"].startswith(said)
        assert s.changed() == []


async def test_only_json_is_taken_and_not_too_much() -> None:
    async with served() as s:
        await s.enter()
        status, said = await s.ask("PUT", f"{V1}/limit", data={"amps": "6"})
        assert (status, said["error"]["code"]) == (415, "not_json")
        huge = json.dumps({"amps": 6, "x": "x" * 70_000})
        status, said = await s.ask(
            "PUT", f"{V1}/limit", data=huge, headers={"Content-Type": "application/json"}
        )
        assert (status, said["error"]["code"]) == (413, "too_large")
        assert (await s.ask("PATCH", f"{V1}/limit"))[0] == 405
        assert (await s.ask("GET", f"{V1}/nothing"))[0] == 404
        assert s.changed() == []


@pytest.mark.parametrize(
    "path",
    [
        *("/../__main__.py", "/%2e%2e/__main__.py", "/..%2f__main__.py", "/i18n/../../owner.py"),
        *("/%00", "//etc/passwd"),
    ],
)
async def test_only_files_of_the_page_are_given(path: str) -> None:
    async with served() as s:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", s.port)
        writer.write(request.encode())
        assert (await reader.read()).split()[1] in (b"404", b"400")
        writer.close()


async def test_while_the_bridge_is_away_the_page_says_so() -> None:
    async with served(bridge=False) as s:
        await s.enter()
        assert (await s.ask("GET", f"{V1}/state"))[1]["bridge"] == "The charge point does not run."
        status, said = await s.ask("POST", f"{V1}/charging/stop", json={})
        assert (status, said["error"]["code"]) == (503, "bridge_away")
        assert (await s.ask("GET", f"{V1}/sessions.csv"))[0] == 503


async def test_sessions_are_listed_in_pages_and_as_csv_without_formulas() -> None:
    store = Database(IN_MEMORY)
    for number in range(1, 61):
        row = replace(a_row(number), id_tag="=cmd()" if number == 60 else "04AABBCC")
        store.apply((TransactionStarted(row),))
    async with served(store=store) as s:
        await s.enter()
        first = (await s.ask("GET", f"{V1}/sessions"))[1]
        assert (len(first["sessions"]), first["next"]) == (50, 50)
        rest = (await s.ask("GET", f"{V1}/sessions?after=50"))[1]
        assert [each["number"] for each in rest["sessions"]] == list(range(51, 61))
        assert rest["next"] is None
        few = (await s.ask("GET", f"{V1}/sessions?after=50&limit=3"))[1]
        assert (len(few["sessions"]), few["next"]) == (3, 53)
        lines = (await s.ask("GET", f"{V1}/sessions.csv"))[1].splitlines()
        assert len(lines) == 61
        assert ",'=cmd()," in lines[-1]
    store.close()


async def next_event(answer: Any) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            line = (await answer.content.readline()).decode()
            if line.startswith("data: "):
                found: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return found


async def test_events_tell_the_state_until_the_password_changes() -> None:
    async with served() as s:
        await s.enter()
        async with s.browser.get(f"{s.url}{V1}/events?language=de") as answer:
            assert (await next_event(answer))["state"]["connector"]["status"] == "Available"
            assert (await next_event(answer))["bridge"] == "ok"
            given = {"old": PASSWORD, "password": "another one"}
            assert (await s.ask("POST", f"{V1}/password", json=given))[0] == 200
            async with asyncio.timeout(PATIENCE_S):
                with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                    while await answer.content.readline():
                        pass


async def test_so_many_streams_and_no_more() -> None:
    async with served() as s:
        await s.enter()
        streams = [await s.browser.get(f"{s.url}{V1}/events") for _ in range(MOST_STREAMS)]
        status, said = await s.ask("GET", f"{V1}/events")
        assert (status, said["error"]["code"]) == (503, "too_many_streams")
        streams.pop().close()
        async with asyncio.timeout(PATIENCE_S):
            while (await s.browser.get(f"{s.url}{V1}/events")).status != 200:  # noqa: ASYNC110 - of the server
                await asyncio.sleep(0.05)
        for each in streams:
            each.close()


async def test_a_price_lasts() -> None:
    async with served() as s:
        await s.enter()
        assert (await s.ask("GET", f"{V1}/price"))[1] == {"price": None}
        price = {"per_kwh": 0.3, "currency": "EUR"}
        assert (await s.ask("PUT", f"{V1}/price", json=price))[1] == {"price": price}
        assert (await s.ask("GET", f"{V1}/price"))[1] == {"price": price}


async def test_a_damaged_access_file_opens_nothing() -> None:
    async with served() as s:
        await s.enter()
        folder = s.folder
        (folder / "access.json").write_bytes(b'{"installer": {"salt"')
        from bridge.local.web.access import kept

        assert kept.load(folder) == kept.Kept()
        assert (folder / "access.unreadable").exists()
        assert len(kept.code(folder)) == kept.CODE_LENGTH


async def test_https_with_a_certificate_of_the_box() -> None:
    async with served(https=True) as s:
        async with s.browser.get(f"{s.url}{V1}/session", ssl=False) as answer:
            assert answer.status == 200
            assert "Secure" in answer.headers["Set-Cookie"]
        assert (s.folder / "page.pem").stat().st_mode & 0o777 == 0o600

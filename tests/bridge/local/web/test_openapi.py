"""The document of the REST interface says what the server does, and no request breaks the server."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.local.web.api.operation import Operation
from bridge.local.web.api.table import OPERATIONS, described
from tests.bridge.local.web.serving import served

V1 = "/api/v1"
CHECKED: dict[str, Any] = {"components": described()["components"]}


def schema(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, **CHECKED}


def test_the_document_is_json_and_every_reference_leads_somewhere() -> None:
    text = json.dumps(described())
    references = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    for each in references:
        assert each.rpartition("/")[2] in described()["components"]["schemas"]
    jsonschema.Draft202012Validator.check_schema({"$defs": described()["components"]["schemas"]})


def test_every_operation_stands_once_in_the_document() -> None:
    document = described()
    written = {(method.upper(), path) for path, those in document["paths"].items() for method in those}
    assert written == {(each.method, each.path) for each in OPERATIONS}
    assert len(written) == len(OPERATIONS)
    ids = [each["operationId"] for those in document["paths"].values() for each in those.values()]
    assert len(set(ids)) == len(ids)


def path_of(operation: Operation) -> str:
    return V1 + operation.path.replace("{id}", "0000000a" if operation.path == "/tokens/{id}" else "7")


def body_of(operation: Operation) -> dict[str, Any] | None:
    return VALID.get(f"{operation.method} {operation.path}")


VALID: dict[str, dict[str, Any]] = {
    "POST /session": {"password": "correct horse"},
    "POST /password": {"password": "correct horse", "old": "correct horse"},
    "POST /tokens": {"name": "evcc", "role": "owner"},
    "POST /charging/start": {"id_tag": "04AABBCC"},
    "POST /charging/stop": {},
    "PUT /limit": {"amps": 10},
    "PUT /price": {"per_kwh": 0.3, "currency": "EUR"},
    "POST /faults/clear": {"faults": []},
}
LATE = {"DELETE /session": 1, "POST /password": 2}  # they end the session


async def test_every_operation_answers_what_the_document_says() -> None:
    operations = sorted(OPERATIONS, key=lambda each: LATE.get(f"{each.method} {each.path}", 0))
    async with served() as s:
        await s.enter()
        made = (await s.ask("POST", f"{V1}/tokens", json={"name": "n", "role": "installer"}))[1]
        bearer = {"Authorization": f"Bearer {made['token']}"}
        for each in operations:
            body = body_of(each)
            more = {"json": body} if body is not None else {}
            status, said = await s.ask(each.method, path_of(each), headers=bearer, **more)
            written = described()["paths"][each.path][each.method.lower()]["responses"]
            assert str(status) in written, (each, status, said)
            assert status in (200, 404, 503), (each, said)  # no such token; frames are not kept yet
            content = written[str(status)]["content"]
            kind = next(iter(content))
            if kind == "application/json":
                jsonschema.validate(said, schema(content[kind]["schema"]))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Cookie": "evse=" + "a" * 43}])
async def test_without_a_right_nothing_is_done(headers: dict[str, str]) -> None:
    async with served() as s:
        await s.enter()
        for each in OPERATIONS:
            s.browser.cookie_jar.clear()
            s.csrf = ""
            body = body_of(each)
            more = {"json": body} if body is not None else {}
            status, said = await s.ask(each.method, path_of(each), headers=headers, **more)
            if each.need == "open" and not each.changes:
                assert status == 200, (each, said)
            elif not (each.need == "open" and "Authorization" in headers):
                assert status in (401, 403), (each, said)
        assert s.changed() == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
AS_JSON = {"Content-Type": "application/json"}
NAMES = ("language", "after", "limit", "span", "per", "text", "x")


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_no_request_breaks_the_server(data: st.DataObject, caplog: pytest.LogCaptureFixture) -> None:
    async with served() as s:
        await s.enter()
        for each in OPERATIONS:
            given = body_of(each) or {}
            if each.path in ("/password", "/session"):
                continue
            whole = data.draw(st.one_of(JSON, st.dictionaries(st.sampled_from([*given, "x"]), JSON)))
            query = data.draw(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=9), max_size=2))
            more = {"data": json.dumps(whole), "headers": AS_JSON} if each.takes is not None else {}
            status, said = await s.ask(each.method, path_of(each), params=query, **more)
            assert status in (200, 400, 404, 409, 503), (each, said)
            written = described()["paths"][each.path][each.method.lower()]["responses"]
            assert str(status) in written
    assert not [record for record in caplog.records if record.exc_info]

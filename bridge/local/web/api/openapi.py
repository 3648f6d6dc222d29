"""PURE: the OpenAPI 3.1 document of the REST interface, made from the table of its operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bridge.local.web.api.operation import PREFIX, Error, Operation

_REF = "#/components/schemas/{name}"
_ALWAYS = {
    400: "what was asked is not allowed; the message says what, its value and what is allowed",
    401: "nobody is logged in, or no password is set yet",
    403: "the role is not enough, X-CSRF-Token is missing, or another page has asked",
    429: "too many attempts; Retry-After says when",
    503: "the charge point is away, or the box is busy",
}
_MORE = {
    404: "there is no such thing",
    405: "this address has no such method",
    408: "the body came too slowly",
    409: "the charge point has refused",
    413: "the body is too large",
    415: "the body is not application/json",
}
_OF_BODIES = (408, 413, 415)


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Returns the document, as JSON would hold it."""
    kinds: list[Any] = [Error]
    for each in operations:
        kinds += [kind for kind in (each.query, each.places, each.takes, each.gives) if kind is not None]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    schema = dict(zip(map(_name, kinds), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schema, components)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "evse-bridge",
            "version": version,
            "description": "The owner's interface of a wallbox. A program sends a token in the header "
            "Authorization; the page of the box uses its cookie, and X-CSRF-Token with each change.",
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "evse"},
            },
        },
    }


def _name(kind: Any) -> str:
    return repr(kind)


def _operation(each: Operation, schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "operationId": f"{each.method.lower()}{each.path.title().translate(_SIGNS)}",
        "summary": each.summary,
        "security": [{}] if each.need == "open" else [{"token": []}, {"cookie": []}],
        "x-needs": each.need,
        "parameters": [
            *_parameters(schema[_name(each.query)], components, "query"),
            *_parameters(schema[_name(each.places)], components, "path"),
        ],
        "responses": _responses(each, schema),
    }
    if each.takes is not None:
        content = {"application/json": {"schema": schema[_name(each.takes)]}}
        written["requestBody"] = {"required": True, "content": content}
    return written


_SIGNS = str.maketrans("", "", "/{}-_.")


def _parameters(ref: dict[str, Any], components: dict[str, Any], place: str) -> list[dict[str, Any]]:
    whole = components[ref["$ref"].rpartition("/")[2]]
    return [
        {"name": name, "in": place, "required": place == "path" or name in whole.get("required", ()),
         "schema": kind}
        for name, kind in whole["properties"].items()
    ]  # fmt: skip


def _responses(each: Operation, schema: dict[str, Any]) -> dict[str, Any]:
    error = {"application/json": {"schema": schema[_name(Error)]}}
    statuses = {**_ALWAYS, **{status: _MORE[status] for status in each.refuses}}
    if each.takes is not None:
        statuses |= {status: _MORE[status] for status in _OF_BODIES}
    if each.places.__struct_fields__:
        statuses[404] = _MORE[404]
    good: dict[str, Any] = schema[_name(each.gives)] if each.gives is not None else {"type": "string"}
    answers: dict[str, Any] = {
        "200": {"description": each.summary, "content": {each.kind: {"schema": good}}},
        **{str(status): {"description": why, "content": error} for status, why in sorted(statuses.items())},
    }
    return answers

"""All operations of the REST interface, and the document that describes them."""

from __future__ import annotations

from functools import cache
from typing import Any

from bridge import version
from bridge.local.web.api import charging, conversation, entering, records
from bridge.local.web.api.asked import Asked
from bridge.local.web.api.openapi import document
from bridge.local.web.api.operation import Operation


async def openapi(_asked: Asked) -> dict[str, Any]:
    """Returns the OpenAPI document."""
    return described()


@cache
def described() -> dict[str, Any]:
    """Makes the OpenAPI document, once."""
    return document(OPERATIONS, version.full())


OPERATIONS: tuple[Operation, ...] = (
    *entering.OPERATIONS,
    *charging.OPERATIONS,
    *records.OPERATIONS,
    *conversation.OPERATIONS,
    Operation("GET", "/openapi.json", "Describes this interface", "open", openapi, gives=dict[str, Any]),
)

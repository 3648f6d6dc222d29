"""What the installer sees of the conversation with the Central System: profiles, keys, frames."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from msgspec import Meta

from bridge.local.orders import (
    ClearProfiles,
    Frame,
    Frames,
    Installed,
    Keys,
    ListFrames,
    ListKeys,
    ListProfiles,
    RowId,
)
from bridge.local.web.api.asked import Asked, Streamed
from bridge.local.web.api.operation import ApiError, Done, Operation
from hal.visible import visible

MOST_PAGES = 100  # of frames, whatever the bridge says
LINE_MOST = 8192  # characters of a frame as text


class ProfileId(msgspec.Struct, frozen=True):
    """Which charging profile (OCPP 1.6 7.8: chargingProfileId)."""

    id: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Frames above this number, of those that contain this text."""

    after: RowId = 0
    text: Annotated[str, Meta(max_length=100)] = ""


async def profiles(asked: Asked) -> Installed:
    """Returns the charging profiles, and what decides which of them counts."""
    found = await asked.order(ListProfiles(), Installed)
    if found.circumstances is None:
        raise ApiError(503, "not_readable", found.why or "The charge point says nothing of its profiles.")
    return found


async def clear_profile(asked: Asked) -> Done:
    """Removes one charging profile."""
    return await asked.carried_out(ClearProfiles((asked.places.id,)))


async def keys(asked: Asked) -> Keys:
    """Returns the configuration keys."""
    found = await asked.order(ListKeys(), Keys)
    if found.why:
        raise ApiError(503, "not_readable", found.why)
    return found


async def frames(asked: Asked) -> Frames:
    """Returns the next page of frames, of those that contain the text if there is one."""
    page = await _page(asked, asked.query.after)
    text = asked.query.text.casefold()
    for _ in range(MOST_PAGES):
        fitting = tuple(each for each in page.frames if text in _line(each).casefold())
        if fitting or not page.frames:
            return msgspec.structs.replace(page, frames=fitting)
        page = await _page(asked, page.frames[-1].number)
    return msgspec.structs.replace(page, frames=())


async def _page(asked: Asked, after: int) -> Frames:
    """Raises ApiError when the bridge is away, has none, or repeats itself."""
    page = await asked.order(ListFrames(after), Frames)
    if page.why:
        raise ApiError(503, "not_readable", page.why)
    if page.frames and page.frames[-1].number <= after:
        raise ApiError(503, "not_readable", "The charge point lists the same frames again: restart it.")
    return page


async def frames_text(asked: Asked) -> Streamed:
    """Returns all frames that memory holds, one a line."""
    return Streamed(_lines(asked, await _page(asked, 0)), "frames.txt")


async def _lines(asked: Asked, page: Frames) -> AsyncIterator[str]:
    for _ in range(MOST_PAGES):
        yield "".join(f"{visible(_line(each), LINE_MOST)}\n" for each in page.frames)
        if not page.frames:
            return
        page = await _page(asked, page.frames[-1].number)


def _line(frame: Frame) -> str:
    arrow = "->" if frame.direction == "sent" else "<-"
    return f"{frame.at} {arrow} {frame.kind} {frame.action} {frame.identity} {frame.payload}"


OPERATIONS = (
    Operation("GET", "/profiles", "Lists the charging profiles", "installer", profiles, gives=Installed),
    Operation("DELETE", "/profiles/{id}", "Removes a charging profile", "installer", clear_profile,
              places=ProfileId, refuses=(409,)),
    Operation("GET", "/keys", "Lists the OCPP configuration keys", "installer", keys, gives=Keys),
    Operation("GET", "/frames", "Lists OCPP frames", "installer", frames, query=Wanted, gives=Frames),
    Operation("GET", "/frames.txt", "All OCPP frames as text", "installer", frames_text, gives=None,
              kind="text/plain"),
)  # fmt: skip

"""`evse-bridge start`, `stop`, `limit`, `keys`, `frames`: what the owner orders and asks the bridge."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime
from json import dumps
from pathlib import Path

import msgspec

from bridge.cli.asking import WITHIN_S, asked
from bridge.folders import CommandError, MisuseError
from bridge.local.orders import (
    Frame,
    Frames,
    Key,
    Keys,
    ListFrames,
    ListKeys,
    Order,
    Reply,
    SetOwnerLimit,
    StartCharging,
    StopCharging,
)
from hal.visible import visible

OFF = "off"
LINE_MOST = 60  # columns: a terminal beside something else
INDENT = " " * 4
MOST_PAGES = 100  # of frames: more is no bridge of ours


def start(runtime_dir: Path, id_tag: str) -> str:
    """Asks to charge as a card of that idTag does. Raises CommandError when nothing starts."""
    _ordered(runtime_dir, StartCharging(id_tag))
    return f"{visible(id_tag)} asks to charge, as a card does: evse-bridge status says what came of it"


def stop(runtime_dir: Path) -> str:
    """Ends the running session, or lets nobody wait. Raises CommandError when there is nothing to end."""
    _ordered(runtime_dir, StopCharging())
    return "charging is stopped"


def limit(runtime_dir: Path, amps: str) -> str:
    """Sets the owner's limit, or removes it. Raises MisuseError for what is no limit, CommandError."""
    try:
        limit_a = None if amps == OFF else float(amps.removesuffix("A").strip())
    except ValueError:
        raise MisuseError(f"limit {visible(amps)}: must be amps, for example 10, or {OFF}") from None
    if limit_a is not None and not 0 <= limit_a < float("inf"):
        raise MisuseError(f"limit {visible(amps)}: must be 0 to 80 A; 0 pauses")
    _ordered(runtime_dir, SetOwnerLimit(limit_a))
    if limit_a is None:
        return "your limit is removed"
    return f"your limit is {limit_a:g} A" + ("; below 6 A no car charges" if limit_a < 6 else "")


def _ordered(runtime_dir: Path, order: Order) -> None:
    reply = asked(runtime_dir, order, Reply, WITHIN_S)
    if reply.status != "Accepted":
        raise CommandError(reply.why or f"the bridge answered {reply.status}")


def keys(runtime_dir: Path, *, json: bool) -> Iterator[str]:
    """Lists the configuration keys: value, who set it, what it does. Raises CommandError."""
    found = asked(runtime_dir, ListKeys(), Keys, WITHIN_S)
    if found.why:
        raise CommandError(found.why)
    if json:
        yield dumps(msgspec.to_builtins(found.keys))
        return
    for key in found.keys:
        yield from textwrap.wrap(f"{visible(key.name)} = {_value(key)}", LINE_MOST, subsequent_indent=INDENT)
        says = f"{_of(key)}; {visible(key.meaning_en)}"
        yield from textwrap.wrap(says, LINE_MOST, initial_indent=INDENT, subsequent_indent=INDENT)


def _value(key: Key) -> str:
    if key.value is None:
        return "(not shown)"
    return visible(key.value) or "(empty)"


def _of(key: Key) -> str:
    who = {"default": "as at first start", "file": "charge-point.toml", "stored": "the Central System"}
    if not key.readonly:
        return who[key.source]
    return "read only" if key.source == "default" else f"read only, {who[key.source]}"


def frames(runtime_dir: Path, text: str, *, json: bool) -> Iterator[str]:
    """Lists the frames that the bridge still holds, of those with this text in them. Raises CommandError."""
    after = 0
    for _ in range(MOST_PAGES):
        page = asked(runtime_dir, ListFrames(after), Frames, WITHIN_S)
        if page.why:
            raise CommandError(page.why)
        if not page.frames or page.frames[-1].number <= after:
            return
        after = page.frames[-1].number
        for frame in page.frames:
            if text.casefold() in f"{frame.action} {frame.identity} {frame.payload}".casefold():
                yield dumps(msgspec.to_builtins(frame)) if json else _line(frame)


def _line(frame: Frame) -> str:
    arrow = "->" if frame.direction == "sent" else "<-"
    kind = "" if frame.kind == "call" else f" {frame.kind}"
    head = f"{_time(frame.at)} {arrow} {visible(frame.action)}{kind}"
    return f"{head} {visible(frame.payload, max(12, LINE_MOST - len(head) - 1))}"


def _time(at: str) -> str:
    """Returns it in the zone of whoever asks."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
    except (ValueError, OverflowError):
        return visible(at, 12)

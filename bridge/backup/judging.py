"""PURE: whether a backup may be put on this box, in words. Two boxes must never speak with one identity."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.backup.content import Origin


@dataclass(frozen=True, slots=True)
class Here:
    """The box on which the backup is to be restored."""

    mock: bool
    same_machine: bool  # as the backup's
    moved: str | None  # None: it was not moved away; else the id of that move
    sessions: int | None  # in its store; None: it cannot be read
    restoring: bool = False  # a restore was interrupted: what is there is no box's


@dataclass(frozen=True, slots=True)
class Answers:
    """What the owner has said."""

    old_box_is_gone: bool = False
    over: bool = False
    nothing_sent_since: bool = False


class Refusal(str):
    """Why it is not restored. `option`: what the owner may say against it; empty: nothing."""

    option: str

    def __new__(cls, why: str, option: str = "") -> Refusal:
        """Makes one of its words."""
        made = super().__new__(cls, why)
        made.option = option
        return made


def refusals(origin: Origin, here: Here, answers: Answers) -> list[Refusal]:
    """Lists all that speaks against it; empty: it may be restored."""
    if origin.mock != here.mock:
        whose, onto = ("a mock box", "a real one") if origin.mock else ("a real box", "a mock one")
        how = "on a mock box, say --mock" if origin.mock else "on a real box, leave out --mock"
        return [
            Refusal(f"it is the backup of {whose} (serial number {'MOCK...' * origin.mock or 'not MOCK'}), "
                    f"and cannot be restored on {onto}: neither may speak in the other's name; {how}")
        ]  # fmt: skip
    found = []
    if not answers.old_box_is_gone and (why := _two_boxes(origin, here)):
        found.append(Refusal(why, "--old-box-is-gone"))
    is_same_move = origin.move != "" and here.moved == origin.move  # nothing has happened here since
    if not answers.over and not here.restoring and not is_same_move and here.sessions != 0:
        count = "sessions that cannot be read" if here.sessions is None else f"{here.sessions} sessions"
        found.append(
            Refusal(f"this box has {count} of its own: they would be replaced (a copy is kept)", "--over")
        )
    if origin.move and answers.nothing_sent_since:
        found.append(Refusal("a backup that moved a box needs no --nothing-sent-since: leave it out"))
    return found


def _two_boxes(origin: Origin, here: Here) -> str:
    """Says which other box may speak with the identity of the backup; empty: none, as far as is known."""
    if here.moved is not None and origin.move and here.moved == origin.move:
        return "this box was moved away with this backup: no other box may run, or have run, with it"
    if here.moved is not None:
        return "this box was moved away: the box that speaks in its name since must be gone"
    if origin.move or here.same_machine:
        return ""
    return (
        f"it was made on another machine, and that box may still run as {origin.charge_point_id!r}: two "
        "boxes with one identity send each session twice. It must be gone, and never start again"
    )

"""Mutants of the bridge's shell: what its actor owes to everybody, each promise broken in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/bridge/test_actor.py::test_"
RAISING = "tests/bridge/test_raising.py::test_"


class CatalogueError(Exception):
    """The mutant cannot be made: the source is no longer as the catalogue says."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands once in the file and becomes `new`; the test must fail then.

    A file that is no module of Python is changed in a copy of the sources.
    """

    name: str
    path: str
    old: str
    new: str
    test: str

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".")

    @property
    def source(self) -> str:
        """The mutant's. Raises CatalogueError."""
        source = (ROOT / self.path).read_text(encoding="utf-8")
        if (times := source.count(self.old)) != 1:
            raise CatalogueError(
                f"{self.name}: {self.old!r} stands {times} times in {self.path}, must be once"
            )
        return source.replace(self.old, self.new)


ACTOR, GUARD, RECORDER = "bridge/actor.py", "bridge/guard.py", "bridge/recorder.py"
MUTANTS = (
    Mutant(
        "a wish leaves before the orderly mark is taken back",
        ACTOR,
        "self._begun = False",
        "self._begun = True",
        f"{TESTS}the_mark_of_an_orderly_end_is_taken_back_before_anything_but_the_link_is_said",
    ),
    Mutant(
        "the wish is not renewed each second",
        ACTOR,
        "if content == last and now.s - sent_s < WISH_EVERY_S:",
        "if content == last:",
        f"{TESTS}a_wish_is_renewed_each_second_and_never_more_often_while_nothing_changes",
    ),
    Mutant(
        "a wish outlives a core that takes no step",
        ACTOR,
        "self._stepped_s + WISH_LIFE_S",
        "now.s + WISH_LIFE_S",
        f"{RAISING}a_core_that_takes_no_step_asks_for_nothing_after_15_s",
    ),
    Mutant(
        "what raised half-way stays",
        GUARD,
        "            undo.back()",
        "            pass",
        f"{RAISING}an_event_that_raises_leaves_no_trace_in_what_decides",
    ),
    Mutant(
        "what raises is tried again at once",
        GUARD,
        "Rest(times, for_s, now_s + for_s)",
        "Rest(times, for_s, now_s)",
        f"{RAISING}time_that_raises_is_not_tried_again_at_once",
    ),
    Mutant(
        "an effect is said before its change is durable",
        ACTOR,
        "            self._recorder.feed(effects)\n",
        "            self._recorder.feed(effects)\n            self._say_all([effects])\n",
        f"{TESTS}nothing_is_said_before_what_it_rests_on_is_durable",
    ),
    Mutant(
        "what was held is said while the disk still works",
        RECORDER,
        """            if not effects.changes:
                said.append(effects)
            elif not self._unrecorded.hold(effects):""",
        """            said.append(effects)
            if effects.changes and not self._unrecorded.hold(effects):""",
        f"{TESTS}nothing_is_said_before_what_it_rests_on_is_durable",
    ),
    Mutant(
        "a held answer is said to another connection",
        ACTOR,
        "                self._recorder.link_closed()",
        "                pass",
        f"{TESTS}an_answer_that_was_held_is_not_said_to_another_connection",
    ),
    Mutant(
        "the orderly mark is left out",
        ACTOR,
        "self._recorder.feed(Effects((mark,)))",
        "self._recorder.feed(Effects())",
        f"{TESTS}the_end_leaves_a_wish_for_a_minute_and_a_mark_that_all_was_in_order",
    ),
    Mutant(
        "the wish is not renewed at the end",
        ACTOR,
        """            self._wish_that_outlives_us(now)
            self._out.append(Leave())""",
        "            self._out.append(Leave())",
        f"{TESTS}the_end_leaves_a_wish_for_a_minute_and_a_mark_that_all_was_in_order",
    ),
    Mutant(
        "the wish is not renewed when the end begins",
        ACTOR,
        "                self._wish_that_outlives_us(now)  # the disk may take its time",
        "                pass",
        f"{TESTS}the_end_waits_for_the_disk_while_the_wish_lives",
    ),
    Mutant(
        "a disk that hangs for 10 s is not noticed",
        RECORDER,
        "now_s - self._began_s > HUNG_S",
        "False",
        f"{TESTS}a_disk_that_has_not_answered_for_10_s_refuses_new_sessions",
    ),
    Mutant(
        "a start that is not durable is offered current",
        RECORDER,
        "self._unrecorded.holds_start or any(effects.begins for effects in self._queue)",
        "False",
        f"{TESTS}a_start_that_is_not_durable_offers_nothing_and_is_not_sent",
    ),
)

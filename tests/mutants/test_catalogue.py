"""Each mutant, and each excuse for one, is of the sources as they are: none is left behind by a move."""

from __future__ import annotations

import pytest

from tests.mutants.backup import BACKUP
from tests.mutants.bridge import FIRST_VALUES
from tests.mutants.house import HOUSE
from tests.mutants.owners import OWNERS
from tests.mutants.packages import PACKAGES
from tests.mutants.seeds import DECIDED, NOT_HEARD, NOT_PLAYED, SAID, candidates
from tests.mutants.setups import SETUPS
from tests.mutants.shell import MUTANTS, ROOT, Mutant
from tests.mutants.slots import SLOTS
from tests.mutants.trials import TRIALS
from tests.mutants.why import WHY


@pytest.mark.parametrize(
    "mutant",
    [*MUTANTS, *TRIALS, *SETUPS, *SLOTS, *BACKUP, *HOUSE, *PACKAGES, *WHY, *OWNERS],
    ids=lambda mutant: mutant.name,
)
def test_the_text_of_a_shell_mutant_stands_once_and_its_test_is_there(mutant: Mutant) -> None:
    assert mutant.source
    file, test = mutant.test.split("::")
    assert f"def {test.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_excuse_is_of_something_that_can_be_changed() -> None:
    found = {
        (each.module, each.inside, what)
        for each in candidates(SAID + DECIDED, FIRST_VALUES.get)
        for module, inside, what in NOT_HEARD
        if (each.module, each.inside) == (module, inside) and what in each.old + each.line_text
    }
    assert set(NOT_HEARD) - found == set()


def test_what_is_not_played_is_there() -> None:
    modules = {path.stem for path in (ROOT / "bridge").rglob("*.py")}
    assert modules >= NOT_PLAYED

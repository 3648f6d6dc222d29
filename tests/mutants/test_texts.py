"""Each mutant of the safety core finds its text once in its file, and its test: `make mutants` can be run."""

from __future__ import annotations

import pytest

from tests.mutants.__main__ import ROOT, matching, mutated
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: str(mutant.name))
def test_a_mutant_fits_the_source(mutant: Mutant) -> None:
    source = (ROOT / "hal" / "core" / f"{mutant.module}.py").read_text(encoding="utf-8")
    assert mutated(mutant, source) != source
    assert matching(mutant).startswith("tests/hal/core/")

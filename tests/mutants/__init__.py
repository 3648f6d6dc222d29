"""Mutants of the safety core: each must be killed by the test that is named beside it."""

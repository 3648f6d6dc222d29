"""The card reader unplugged: told to the Central System, and told to be well again."""

from __future__ import annotations

import pytest

from tests.system.world import world

pytestmark = pytest.mark.real


async def test_a_lost_reader_is_told_and_no_error_when_it_is_back_and_reads() -> None:
    async with world() as w:
        await w.until_status("Available", "NoError")
        await w.do("fault", name="reader_gone")
        await w.until_status("Available", "ReaderFailure")
        await w.do("clear", name="reader_gone")
        await w.until_status("Available", "NoError")
        await w.charge()

"""`python -m tests.page.pictures`: each view on phone and desktop, light and dark, into build/page/."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bridge.local.state.state import State
from tests.page.box import shown
from tests.page.browser import DESKTOP, PHONE, Page, browser
from tests.page.furnished import CHARGES, FAULTED, NO_CAR, PAUSED, furnished

FOLDER = Path(__file__).parents[2] / "build" / "page"
VIEWS = ("now", "history", "sessions", "ocpp", "hardware", "settings")
READY_SCRIPT = "document.querySelector('main h1') && !document.querySelector('[aria-busy]')"


async def settled(page: Page) -> None:
    """All that was asked for is there, and has been drawn."""
    await page.until(READY_SCRIPT)
    await page.run("new Promise(f => requestAnimationFrame(() => requestAnimationFrame(() => f(1))))")


async def _views(page: Page, url: str, name: str, views: tuple[str, ...]) -> None:
    for size, screen in ((PHONE, "phone"), (DESKTOP, "desktop")):
        for view in views:
            await page.look(size)
            await page.open(f"{url}/?{screen}#{view}")
            await settled(page)
            await asyncio.sleep(0.4)
            for dark in (False, True):
                await page.look(size, dark=dark)
                await settled(page)
                await page.picture(FOLDER / f"{view}-{name}-{screen}-{'dark' if dark else 'light'}.png")


async def _all(wanted: set[str]) -> None:
    states: dict[str, tuple[State, tuple[str, ...], str]] = {
        "charging": (CHARGES, VIEWS, "en"),
        "german": (PAUSED, VIEWS, "de"),
        "fault": (FAULTED, ("now", "hardware"), "en"),
        "nocar": (NO_CAR, ("now",), "en"),
    }
    async with browser() as opened:
        for name, (state, views, language) in states.items():
            if wanted and name not in wanted:
                continue
            async with shown(furnished(state)) as at, opened.page(DESKTOP, language) as page:
                await _views(page, at.url, name, views)
                print(name, page.errors)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(_all(set(sys.argv[1:])))

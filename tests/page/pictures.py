"""`python -m tests.page.pictures`: each view on phone and desktop, light and dark, into build/page/."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bridge.local.state.state import State
from tests.bridge.local.web.serving import FAR
from tests.page.box import Shown, shown
from tests.page.browser import DESKTOP, PHONE, Page, browser
from tests.page.furnished import CHARGES, FAULTED, NO_CAR, PAUSED, furnished

FOLDER = Path(__file__).parents[2] / "build" / "page"
VIEWS = ("now", "history", "sessions", "ocpp", "hardware", "settings")
READY_SCRIPT = "document.querySelector('header') && !document.querySelector('[aria-busy]')"


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


async def _away(page: Page, at: Shown) -> None:
    """The server goes away; it comes back for somebody who has to log in."""
    await page.look(PHONE)
    await page.open(f"{at.url}/?away#now")
    await page.until_text("Charging with", "h1")
    await at.stop_server()
    await page.until_text("No connection", ".stale")
    await page.picture(FOLDER / "away-phone-light.png")
    await at.start_server()
    await page.command("Network.enable")
    await page.command("Network.setExtraHTTPHeaders", headers=FAR)
    await page.open(f"{at.url}/?first")
    await page.until_text("Welcome")
    await page.picture(FOLDER / "first-phone-light.png")


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
                if name == "charging":
                    await _away(page, at)
                print(name, page.errors)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(_all(set(sys.argv[1:])))

"""The page in a real Chromium, before the real server and a model of the bridge."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from bridge.core.rows import Session
from bridge.local.orders import (
    ClearFaults,
    ClearProfiles,
    Frame,
    Key,
    OfferAgain,
    SetOwnerLimit,
    StartCharging,
    StopCharging,
)
from bridge.local.state.state import FaultSeen, Limit, State
from bridge.local.web.access.kept import CODE_FILE_NAME
from hal.contract import FaultRef
from tests.bridge.local.states import CHARGING, WELL, changed
from tests.bridge.local.web.serving import FAR, PASSWORD
from tests.page.box import ModelBox, Shown, shown
from tests.page.browser import DESKTOP, PHONE, Browser, Page, browser, missing
from tests.page.furnished import CHARGES, FAULTED, furnished

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: make page-judge")
VIEWS = ("now", "history", "sessions", "ocpp", "hardware", "settings")
EVIL = "<img src=x onerror=document.title='bad'>"
JUDGED = """axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.map(
    ({id, impact, nodes}) => [id, impact, ...nodes.slice(0, 3).map((each) => each.html.slice(0, 200))]))"""
THERE = "document.querySelector('header') && !document.querySelector('[aria-busy]')"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as opened:
        yield opened


@asynccontextmanager
async def opened(
    chromium: Browser, box: ModelBox, *, size: tuple[int, int] = DESKTOP, language: str = "en"
) -> AsyncIterator[tuple[Shown, Page]]:
    """The page of that box, once it shows something."""
    async with shown(box) as at, chromium.page(size, language) as page:
        await page.open(at.url)
        await page.until(THERE)
        yield at, page


async def view(page: Page, name: str) -> None:
    """Goes there by its address, and waits for what it fetches."""
    await page.run(f"void (location.hash = '{name}')")
    await page.until(f"document.querySelector('#to-{name}[aria-current]') && {THERE}")


# What an owner does


async def test_a_card_starts_and_a_button_stops(chromium: Browser) -> None:
    async with opened(chromium, ModelBox(WELL), size=PHONE) as (at, page):
        await page.until_text("No car is connected.")
        await page.write("input[name=id_tag]", "04AABBCC")
        await page.press("Enter")
        await page.until_text("Charging with 7.36 kW", "h1")
        await page.until_text("Card 04AABBCC", "main")
        await page.click("button.stop")
        await page.click("dialog .main")
        await page.until_text("Ready for a car", "h1")
        assert at.box.heard == [StartCharging("04AABBCC"), StopCharging()]
        assert page.errors == []


async def test_stopping_is_asked_once_more(chromium: Browser) -> None:
    async with opened(chromium, ModelBox(CHARGING)) as (at, page):
        await page.click("button.stop")
        await page.click("dialog button:not(.main)")
        await page.until("!document.querySelector('dialog')")
        assert at.box.heard == []
        assert await page.run("document.activeElement.className") == "stop"


async def test_a_refused_order_says_why(chromium: Browser) -> None:
    async with opened(chromium, ModelBox(WELL, refuses="another card waits for the car")) as (_, page):
        await page.write("input[name=id_tag]", "04AABBCC")
        await page.press("Enter")
        await page.until_text("another card waits for the car", "[role=status]")


async def test_the_limit_goes_by_buttons_and_by_keys(chromium: Browser) -> None:
    async with opened(chromium, ModelBox(CHARGING)) as (at, page):
        await page.until_text("No limit", "output")
        await page.click("button.round")
        await page.until_text("16 A", "output")
        await page.run("document.getElementById('limit').focus()")
        await page.press("ArrowLeft")
        await page.until_text("15 A", "output")
        await page.until_text("My limit: 15 A", ".note")
        assert at.box.heard[-1] == SetOwnerLimit(15.0)
        said = await page.run("document.getElementById('limit').getAttribute('aria-valuetext')")
        assert said == "15 A. About 10.4 kW."
        await page.run("document.getElementById('limit').focus()")
        await page.press("Home")
        await page.until_text("My limit: Pause", ".note")
        assert at.box.heard[-1] == SetOwnerLimit(0.0)


async def test_plots_have_lines_bars_and_numbers(chromium: Browser) -> None:
    async with opened(chromium, furnished(CHARGES)) as (_, page):
        await view(page, "history")
        assert await page.run("document.querySelectorAll('path.line').length") == 5
        assert await page.run("document.querySelectorAll('rect.bar').length") == 31
        await page.click(".plots details summary")
        await page.until("document.querySelectorAll('.plots table tbody tr').length > 20")
        await page.click("input[value=day] + span")
        await page.until(
            f"document.querySelectorAll('path.area').length === 2 && {THERE}"
        )  # the hour it was off
        await page.click("input[value=month] + span")
        await page.until_text("Energy per month", "figcaption")
        assert page.errors == []


async def test_sessions_are_found_and_sent_again(chromium: Browser) -> None:
    async with opened(chromium, furnished(CHARGES)) as (at, page):
        await view(page, "sessions")
        await page.until_text("75 sessions", ".sum")
        await page.click(".check input")
        await page.until("document.querySelectorAll('tbody tr').length === 3")
        await page.click("tbody button")
        await page.until("document.querySelectorAll('.tag.bad').length === 0")
        assert at.box.heard == [OfferAgain(71)]
        csv = await page.run("fetch(document.querySelector('a[download]').href).then(a => a.text())")
        assert csv.count("\n") == 76


async def test_profiles_keys_and_frames(chromium: Browser) -> None:
    async with opened(chromium, furnished(CHARGES)) as (at, page):
        await view(page, "ocpp")
        await page.until_text("40 of 40 messages")
        await page.write(".card:nth-of-type(3) input[type=search]", "heart")
        await page.until_text("1 of 4")
        await page.click(".profile button")
        await page.click("dialog .main")
        await page.until("document.querySelectorAll('.profile').length === 1")
        assert at.box.heard == [ClearProfiles((12,))]
        await page.click(".frame summary")
        await page.until_text('"connectorId": 1', "pre")
        assert page.errors == []


async def test_a_fault_says_its_cause_and_is_cleared(chromium: Browser) -> None:
    async with opened(chromium, ModelBox(FAULTED)) as (at, page):
        await page.click("a[href='#hardware']:not([id])")
        await page.until_text("The contactor does not open: its contacts are welded", ".fault h3")
        await page.click(".fault ~ button, ul + button")
        await page.click("dialog .main")
        await page.until("document.querySelectorAll('.fault').length === 1")
        assert at.box.heard == [ClearFaults((FaultRef("welded", 2),))]


# Who may come in


async def test_the_first_password_then_out_and_in_again(chromium: Browser) -> None:
    async with shown(ModelBox(WELL)) as at, chromium.page(PHONE) as page:
        await page.command("Network.enable")
        await page.command("Network.setExtraHTTPHeaders", headers=FAR)
        await page.open(at.url)
        await page.until_text("Welcome", "h1")
        code = (at.folder / CODE_FILE_NAME).read_text().strip()
        for selector, text in (
            ("form .field:nth-of-type(1) input", code),
            ("form .field:nth-of-type(2) input", PASSWORD),
            ("form .field:nth-of-type(3) input", PASSWORD),
        ):
            await page.write(selector, text)
        await page.click("form button")
        await page.until_text("Ready for a car", "h1")
        await view(page, "settings")
        await page.click(".card:last-of-type > button")
        await page.until_text("Log in", "h1")
        await page.write("input[type=password]", "a wrong one")
        await page.press("Enter")
        await page.until_text("This password is wrong", ".note")
        await page.run("document.querySelector('input[type=password]').value = ''")
        await page.write("input[type=password]", PASSWORD)
        await page.press("Enter")
        await page.until_text("Settings", "h1")
        assert page.errors == [
            "Failed to load resource: the server responded with a status of 403 (Forbidden) "
            + f"{at.url}/api/v1/session"
        ]


# What goes wrong


async def test_a_server_that_was_restarted_is_found_again(chromium: Browser) -> None:
    async with opened(chromium, ModelBox(CHARGING)) as (at, page):
        await page.until_text("Charging with", "h1")
        await at.stop_server()
        await page.until_text("No connection to the wallbox. What you see is from", ".stale")
        assert "Charging with" in await page.run("document.querySelector('h1').innerText")
        at.box.state = WELL
        await at.start_server()
        await page.until_text("Ready for a car", "h1")
        await page.until("document.querySelector('.stale').hidden")
        await page.write("input[name=id_tag]", "04AABBCC")  # with the word of the new server
        await page.press("Enter")
        await page.until_text("Charging with", "h1")


async def test_a_bridge_that_is_away_is_said(chromium: Browser) -> None:
    async with opened(chromium, ModelBox(WELL)) as (at, page):
        await page.until_text("Ready for a car", "h1")
        await at.stop_bridge()
        await page.until_text("The charging program does not answer", "h1")
        for name in VIEWS:
            await view(page, name)
            assert len(await page.run("document.querySelector('main').innerText")) > 20
        await view(page, "now")
        await at.start_bridge()
        await page.until_text("Ready for a car", "h1")


def hostile() -> ModelBox:
    """Every text of others is a program for careless pages."""
    box = furnished(CHARGES)
    state: State = changed(
        CHARGES,
        connector={"id_tag": EVIL, "status": EVIL},
        box={
            "serial": EVIL,
            "lock": EVIL,
            "faults": (FaultSeen(id=EVIL, occurrence=1, for_s=1.0, clears="person", opens=False),),
        },
        limits=(*CHARGES.limits, Limit(name=EVIL, limit_a=40.0)),
        meter={"serial": EVIL},
        service={"trial": EVIL},
    )
    return ModelBox(
        state,
        [_named(each) for each in box.sessions[-3:]],
        box.profiles,
        tuple(_keyed(each) for each in box.keys),
        [_framed(each) for each in box.frames],
    )


def _named(session: Session) -> Session:
    return replace(session, row=replace(session.row, id_tag=EVIL, given_up=EVIL))


def _keyed(key: Key) -> Key:
    return msgspec.structs.replace(key, value=EVIL, meaning_en=EVIL, name=key.name + EVIL)


def _framed(frame: Frame) -> Frame:
    return msgspec.structs.replace(frame, payload=EVIL, action=EVIL, identity=EVIL)


async def test_what_others_write_stays_text(chromium: Browser) -> None:
    async with opened(chromium, hostile()) as (_, page):
        for name in VIEWS[:-1]:
            await view(page, name)
            if name not in ("history",):
                await page.until_text(EVIL, "main")
        assert await page.run("document.querySelectorAll('img:not([src=\"icon.svg\"])').length") == 0
        assert "bad" not in await page.run("document.title")
        assert page.errors == []


# For everybody


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_narrow_phone_never_scrolls_sideways(chromium: Browser, language: str) -> None:
    async with opened(chromium, hostile(), size=PHONE, language=language) as (_, page):
        await page.until("document.documentElement.lang === " + json.dumps(language))
        for name in VIEWS:
            await view(page, name)
            assert await page.run("document.documentElement.scrollWidth") <= PHONE[0], name


async def test_the_language_is_chosen_and_kept(chromium: Browser) -> None:
    async with opened(chromium, ModelBox(WELL)) as (at, page):
        await view(page, "settings")
        await page.click("input[value=de] + span")
        await page.until_text("Optionen", "h1")
        await page.open(f"{at.url}/#now")
        await page.until_text("Bereit für ein Auto", "h1")
        await page.until_text("Bitte das Auto anstecken.", "main")


async def test_keys_alone_lead_through_the_page(chromium: Browser) -> None:
    async with opened(chromium, ModelBox(CHARGING)) as (_, page):
        await page.until_text("Charging with", "h1")
        await page.press("Tab")
        assert await page.run("document.activeElement.id") == "skip"
        await page.press("Enter")
        assert await page.run("document.activeElement.id") == "main"
        assert "Charging with" in await page.run("document.getElementById('announce').textContent")
        await view(page, "hardware")
        assert await page.run("document.activeElement.id") == "main"


@needs_axe
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_finds_nothing_serious(chromium: Browser, dark: bool) -> None:
    rules = AXE.read_text()
    async with opened(
        chromium, furnished(changed(CHARGES, box={"faults": FAULTED.box.faults})), size=PHONE
    ) as (_, page):
        await page.look(PHONE, dark=dark)
        await page.run(rules + "; 1")
        for name in VIEWS:
            await view(page, name)
            await page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            assert await page.run(JUDGED) == [], name

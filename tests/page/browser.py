"""A real Chromium, driven over its DevTools protocol: what a person does with mouse, finger and keys."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.memory import MEMORY
from tests.system.waiting import until, until_asked

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
MOST_BYTES = 64 * 2**20  # of a message: a screenshot is one
PHONE, DESKTOP = (360, 740), (1280, 900)


def missing() -> str | None:
    """Why there is no browser here; None: there is one."""
    return None if PROGRAM else "no chromium on PATH; on Debian: apt-get install chromium"


class BrowserError(Exception):
    """The browser refused a command, or a script in the page threw."""


class Browser:
    """The program and its one connection; each page has its own cookies."""

    def __init__(self, link: ClientConnection) -> None:
        self._link = link
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def read(self) -> None:
        """Hands on what the browser says, until the connection ends."""
        async for line in self._link:
            said = json.loads(line)
            if "id" in said:
                waiting = self._waiting.pop(said["id"])
                if not waiting.done():
                    waiting.set_result(said)
            elif said.get("sessionId") in self._pages:
                self._pages[said["sessionId"]].take(said["method"], said["params"])

    async def command(self, method: str, session: str = "", **given: Any) -> dict[str, Any]:
        """Returns the result. Raises BrowserError."""
        number = next(self._ids)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        of_page = {"sessionId": session} if session else {}
        await self._link.send(json.dumps({"id": number, "method": method, "params": given, **of_page}))
        said = await waiting
        if "error" in said:
            raise BrowserError(f"{method}: {said['error']}")
        result: dict[str, Any] = said["result"]
        return result

    @contextlib.asynccontextmanager
    async def page(self, size: tuple[int, int] = PHONE, language: str = "en") -> AsyncIterator[Page]:
        """An empty page with cookies of its own."""
        context = (await self.command("Target.createBrowserContext"))["browserContextId"]
        target = await self.command("Target.createTarget", url="about:blank", browserContextId=context)
        attached = await self.command("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        made = Page(self, attached["sessionId"])
        self._pages[made.session] = made
        try:
            for domain in ("Page", "Runtime", "Log"):
                await made.command(f"{domain}.enable")
            await made.command(
                "Emulation.setUserAgentOverride", userAgent="evse-bridge test", acceptLanguage=language
            )
            await made.look(size)
            yield made
        finally:
            del self._pages[made.session]
            await self.command("Target.disposeBrowserContext", browserContextId=context)


class Page:
    """One page, as a person has it before him."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self.session = session
        self.errors: list[str] = []  # what the page complained of: scripts, CSP, failed loads

    def take(self, method: str, said: dict[str, Any]) -> None:
        """Keeps what went wrong."""
        if method == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        if method == "Runtime.consoleAPICalled" and said["type"] == "error":
            self.errors.append(
                " ".join(str(each.get("description", each.get("value"))) for each in said["args"])
            )
        if method == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.errors.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")

    async def command(self, method: str, **given: Any) -> dict[str, Any]:
        """Raises BrowserError."""
        return await self._browser.command(method, self.session, **given)

    async def look(self, size: tuple[int, int], *, dark: bool = False) -> None:
        """Looks at it on a screen of that size."""
        width, height = size
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        await self.command("Emulation.setEmulatedMedia", features=[scheme, still])

    async def open(self, url: str) -> None:
        """Goes there; the page may still be loading."""
        await self.command("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """Returns what an expression in the page gives, awaited. Raises BrowserError."""
        said = await self.command(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in said:
            raise BrowserError(said["exceptionDetails"].get("exception", {}).get("description", script))
        return said["result"].get("value")

    async def until(self, script: str) -> Any:
        """Returns what the expression gives as soon as it is true, also over a change of the page."""

        async def true() -> Any:
            with contextlib.suppress(BrowserError):
                return await self.run(script)
            return None

        return await until_asked(true, script)

    async def until_text(self, text: str, selector: str = "body") -> None:
        """Waits until it can be read there."""
        where = json.dumps(selector)
        await self.until(
            f"[...document.querySelectorAll({where})].some(e => e.innerText.includes({json.dumps(text)}))"
        )

    async def click(self, selector: str) -> None:
        """Presses the middle of the first that can be seen, once it is there."""
        find = f"[...document.querySelectorAll({json.dumps(selector)})].find(e => e.getClientRects().length)"
        middle = await self.until(
            f"(() => {{ const e = {find}; if (!e) return null; e.scrollIntoView({{block: 'center'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        x, y = middle
        for kind in ("mousePressed", "mouseReleased"):
            await self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def write(self, selector: str, text: str) -> None:
        """Writes into a field."""
        await self.click(selector)
        await self.command("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        """Presses a key by its name: Tab, Enter, Home, ArrowLeft."""
        text = "\r" if key == "Enter" else ""
        codes = {"Tab": 9, "Enter": 13, "Home": 36, "ArrowLeft": 37}
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            await self.command(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=codes[key],
                **more,
            )

    async def picture(self, file: Path) -> None:
        """Keeps the whole page as PNG."""
        size = (await self.command("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        taken = await self.command("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        await asyncio.to_thread(file.write_bytes, base64.b64decode(taken["data"]))


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Starts the program; ends it with its folder."""
    assert PROGRAM is not None
    folder = Path(tempfile.mkdtemp(prefix="evse-browser-", dir=MEMORY))
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    program = await asyncio.create_subprocess_exec(
        PROGRAM, "--headless=new", *sandbox, "--remote-debugging-port=0", f"--user-data-dir={folder}",
        "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-default-browser-check",
        "--disable-extensions", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--hide-scrollbars", "about:blank",
        stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    told = folder / "DevToolsActivePort"
    try:
        port, path = (await until(lambda: _lines(told), "the browser's port"))[:2]
        async with connect(f"ws://127.0.0.1:{port}{path}", max_size=MOST_BYTES, ping_interval=None) as link:
            made = Browser(link)
            reading = asyncio.create_task(made.read())
            try:
                yield made
                await made.command("Browser.close")
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
    finally:
        with contextlib.suppress(ProcessLookupError):
            program.terminate()
        await program.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _lines(file: Path) -> list[str]:
    """Two lines, once both are there."""
    lines = file.read_text().splitlines() if file.exists() else []
    return lines if len(lines) > 1 else []

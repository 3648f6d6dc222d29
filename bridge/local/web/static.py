"""The files of the page, read from the installed program: nothing else can be asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

KINDS = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "mjs": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
    "txt": "text/plain",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
}
FIRST = "index.html"


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file, as it is sent."""

    content: bytes
    kind: str
    tag: str  # of its content: RFC 9110 8.8.3


def page_files() -> dict[str, PageFile]:
    """Reads all files of the page, by their path below it: some 200 kB, once."""
    return dict(_below(files("bridge.local").joinpath("page"), ""))


def _below(folder: Traversable, path: str) -> list[tuple[str, PageFile]]:
    found: list[tuple[str, PageFile]] = []
    for entry in folder.iterdir():
        ending = entry.name.rpartition(".")[2]
        if entry.is_dir():
            found += _below(entry, f"{path}{entry.name}/")
        elif ending in KINDS:
            content = entry.read_bytes()
            tag = hashlib.sha256(content).hexdigest()[:16]
            found.append((f"{path}{entry.name}", PageFile(content, KINDS[ending], tag)))
    return found


def answer(page: dict[str, PageFile], request: web.Request) -> web.Response:
    """Returns the file that the path names, the first page for `/`. Raises HTTPNotFound."""
    found = page.get(request.path.lstrip("/") or FIRST)
    if found is None:
        raise web.HTTPNotFound
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": "no-cache"}
    if any(each.value == found.tag for each in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    charset = "utf-8" if found.kind.startswith("text/") else None
    return web.Response(body=found.content, content_type=found.kind, charset=charset, headers=headers)

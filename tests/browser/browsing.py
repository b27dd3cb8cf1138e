"""A real browser for the tests: Debian's chromium under Playwright, offline, with axe-core from a package."""

import contextlib
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

HOW = "a browser test needs chromium (on Debian and Ubuntu: apt-get install chromium) and the packages of the dev group"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


def chromium():
    """The browser's path; without one the test skips, or fails where CI promises that there is one."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    missing = [name for name in ("playwright", "axe_playwright_python") if find_spec(name) is None]
    if found and not missing:
        return found
    reason = f"{HOW}; missing: {', '.join(missing + ([] if found else ['chromium']))}"
    if os.environ.get("CI") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def axe_source():
    """axe-core, as the package carries it: nothing is downloaded."""
    folder = Path(find_spec("axe_playwright_python").origin).parent
    return (folder / "axe.min.js").read_text(encoding="utf-8")


@contextlib.contextmanager
def browser():
    """A running browser."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


@contextlib.contextmanager
def opened(running, path, *, width=1100, height=900, scheme="light", **more):
    """A page opened from a file with the network off; every request it tries beyond its own file is collected."""
    context = running.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, offline=True, bypass_csp=True, **more
    )
    page = context.new_page()
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(path.as_uri())
    try:
        yield page
    finally:
        context.close()


def violations(page):
    """What axe finds, all WCAG A and AA rules and best practice, one line each."""
    page.evaluate(axe_source())
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [f"{v['id']}: {v['help']}: {n['html'][:160]}" for v in found["violations"] for n in v["nodes"]]

"""The notebooks at home: JupyterLab in a real browser, a parameter changed, all cells run, a new figure seen."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.browser.browsing import FLAGS, TAGS, axe_source, chromium

ROOT = Path(__file__).parents[2]
TOKEN = "for-this-test-only"  # noqa: S105 - of a server that this test starts and stops
PATIENCE = 120  # seconds for a kernel on a busy machine; a bound on waiting, not a claim about time

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.notebook]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def lab(tmp_path):
    """JupyterLab on a copy of the notebooks, with folders of its own; yields its address."""
    if not (ROOT / "inputs" / "bury-2022" / "case.toml").is_file():
        pytest.skip("the notebooks open the case bury-2022, which is not in inputs/")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*"))
    port = free_port()
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, **folders, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path / "ipython")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
               f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={tmp_path / 'notebooks'}",
               "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
               "--LabApp.extension_manager=readonly"]  # fmt: skip
    with (tmp_path / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=tmp_path)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api?token={TOKEN}", tmp_path / "lab.log")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


def wait_for(address, log):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


def contents(address, name):
    with urllib.request.urlopen(f"{address}/api/contents/{name}?token={TOKEN}", timeout=30) as found:  # noqa: S310
        return json.loads(found.read())["content"]


@contextlib.contextmanager
def opened_in(lab, name):
    """A notebook open in JupyterLab in a browser, its kernel idle."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = running.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{lab}/lab/tree/{name}?token={TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell.jp-CodeCell")
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
        yield page
        running.close()


def test_a_parameter_is_changed_all_cells_run_and_the_figure_is_new(lab):
    name = "03_what_if.ipynb"
    with opened_in(lab, name) as page:
        run_all(page)
        before = finding(page)
        cell = page.locator(".jp-CodeCell").first
        text = cell.locator(".cm-content").inner_text()
        assert "value: float = None" in text
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+A")
        named = text.replace('name: str = ""', 'name: str = "fostering.fill_rate"')
        page.keyboard.insert_text(named.replace("value: float = None", "value: float = 0.95"))
        run_all(page)
        page.wait_for_function("was => { const f = document.querySelector('.jp-OutputArea figcaption');"
                               " return f && f.textContent !== was; }", arg=before)  # fmt: skip
        after = finding(page)
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
        page.keyboard.press("Control+S")
        page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
    assert before != after
    saved = contents(lab, name)
    sources = "".join("".join(c["source"]) for c in saved["cells"])
    assert "value: float = 0.95" in sources
    assert [o for c in saved["cells"] for o in c.get("outputs", []) if o["output_type"] == "error"] == []
    shown = [o for c in saved["cells"] for o in c.get("outputs", []) if o["output_type"] == "execute_result"]
    assert after in "".join("".join(o["data"].get("text/html", "")) for o in shown)


def test_a_slider_moves_by_keyboard_and_by_typing_and_says_what_it_is(lab, request):
    with opened_in(lab, "03_what_if.ipynb") as page:
        run_all(page)
        box = page.locator(".what-if")
        box.locator("figcaption").wait_for()
        page.evaluate(WATCH)
        seen, waited = [shown(page)], []
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "PageUp"):
            box.locator("input[type=range]").first.focus()
            page.evaluate("() => { window.took = null; }")
            page.keyboard.press(key)
            page.wait_for_function("() => window.took !== null")
            waited.append(page.evaluate("() => window.took"))
            seen.append(shown(page))
        names = [box.locator("input[type=range]").nth(i).get_attribute("aria-label") for i in range(3)]
        typed = box.locator("input[type=text]").first
        for text in ("not a number", seen[0][0]):
            typed.fill(text)
            page.evaluate("() => { window.took = null; }")
            typed.press("Tab")
            page.wait_for_function("() => window.took !== null")
            seen.append(shown(page))
        refused = seen[-2], box.locator("[role=status]").inner_text()
        page.evaluate(axe_source())
        found = page.evaluate("tags => axe.run(document.querySelector('.what-if'),"
                              " {runOnly: {type: 'tag', values: tags}})", TAGS)  # fmt: skip
    took = f"milliseconds from key press to the changed chart: {[round(ms) for ms in waited]}"
    request.node.add_report_section("call", "what a what-if takes", took)  # shown by -rP; no claim is made of it
    assert all(": " in name for name in names)
    values, findings, charts = (list(column) for column in zip(*seen, strict=True))
    assert len({*values[:3]}) == 3
    assert (values[3], charts[3], findings[3]) == (values[1], charts[1], findings[1])  # a step back is a step back
    assert all(re.search(r"pays back in .* runs", finding) for finding in findings)
    assert refused[0][1:] == seen[4][1:]  # what is no number moves nothing
    assert findings[-1] == findings[0]  # the value typed as it was shown is the value it was
    assert [f"{v['id']}: {n['html'][:160]}" for v in found["violations"] for n in v["nodes"]] == []


WATCH = """() => {
    document.addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
    new MutationObserver(() => requestAnimationFrame(() => { window.took = performance.now() - window.pressed; }))
        .observe(document.querySelector('.what-if .page'), {childList: true, subtree: true});
}"""


def shown(page):
    """The first slider's value, and the finding and the picture beneath the sliders."""
    return page.evaluate("""() => {
        const box = document.querySelector('.what-if');
        return [box.querySelector('input[type=text]').value, box.querySelector('figcaption').textContent,
                box.querySelector('figure svg').outerHTML];
    }""")


def run_all(page):
    """Run every cell from the menu, once the kernel is there: asked sooner, JupyterLab asks which kernel."""
    page.wait_for_function("() => document.body.innerText.includes('| Idle')")
    page.wait_for_timeout(3000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def finding(page):
    """The title of the first figure."""
    found = page.locator(".jp-OutputArea figcaption").first
    found.wait_for()
    return found.text_content()

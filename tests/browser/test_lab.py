"""The notebooks at home: JupyterLab in a real browser, a parameter changed, all cells run, a new figure seen."""

import contextlib
import itertools
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

from tests.browser.browsing import FLAGS, chromium

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
    name = "03_fostering.ipynb"
    with opened_in(lab, name) as page:
        run_all(page)
        before = finding(page)
        cell = page.locator(".jp-CodeCell").first
        text = cell.locator(".cm-content").inner_text()
        assert "fill_rate: float = None" in text
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(text.replace("fill_rate: float = None", "fill_rate: float = 0.95"))
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
    assert "fill_rate: float = 0.95" in sources
    assert [o for c in saved["cells"] for o in c.get("outputs", []) if o["output_type"] == "error"] == []
    shown = [o for c in saved["cells"] for o in c.get("outputs", []) if o["output_type"] == "execute_result"]
    assert after in "".join("".join(o["data"].get("text/html", "")) for o in shown)


def test_a_slider_moved_by_keyboard_moves_the_chart_and_its_finding(lab, request):
    with opened_in(lab, "06_risk.ipynb") as page:
        run_all(page)
        page.locator(".widget-vbox figcaption").wait_for()
        page.evaluate(WATCH)
        seen, waited = [shown(page)], []
        for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "PageUp"):
            page.locator(".widget-vbox [role='slider']").first.focus()
            page.evaluate("() => { window.took = null; }")
            page.keyboard.press(key)
            page.wait_for_function("() => window.took !== null")
            waited.append(page.evaluate("() => window.took"))
            seen.append(shown(page))
    took = f"milliseconds from key press to the changed chart: {[round(ms) for ms in waited]}"
    request.node.add_report_section("call", "what a what-if takes", took)  # shown by -rP; no claim is made of it
    assert all(re.search(r"pays back in [\d.]+% of draws", finding) for _, finding, _ in seen)
    values, findings, charts = (list(column) for column in zip(*seen, strict=True))
    assert all(a != b for a, b in itertools.pairwise(values))
    assert all(a != b for a, b in itertools.pairwise(charts))
    assert len({re.search(r"in ([\d.]+)% of", finding)[1] for finding in findings}) > 1  # the chance follows too
    assert values[5] == values[3]  # a step back is a step back
    assert charts[5] == charts[3]
    assert findings[5] == findings[3]


WATCH = """() => {
    document.addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
    new MutationObserver(() => requestAnimationFrame(() => { window.took = performance.now() - window.pressed; }))
        .observe(document.querySelector('.widget-vbox .widget-html-content'), {childList: true, subtree: true});
}"""


def shown(page):
    """The first slider's value, and the finding and the picture beneath the sliders."""
    return page.evaluate("""() => {
        const box = document.querySelector('.widget-vbox');
        return [box.querySelector('.widget-readout').textContent, box.querySelector('figcaption').textContent,
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

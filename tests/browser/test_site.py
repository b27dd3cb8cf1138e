"""The documents as pages: built by one command, opened from a folder with the network off, searched, and clean."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.browser.browsing import browser, opened, violations

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if find_spec("sphinx") is None:
        pytest.skip("the extra `docs` is not installed")
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "docs", str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place


def test_every_page_of_the_documents_and_every_notebook_is_there(site):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    pages |= {Path("notebooks", path.name).with_suffix(".html") for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert [page for page in sorted(pages) if not (site / page).is_file()] == []


@pytest.mark.parametrize("page", ["index.html", "how-to/read-a-report.html", "notebooks/03_what_if.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_clean_and_asks_for_nothing_outside_its_folder(site, page, scheme):
    with browser() as running, opened(running, site / page, scheme=scheme) as found:
        assert violations(found) == []
        assert [address for address in found.asked if not address.startswith(("file:", "data:"))] == []


def test_the_site_is_searched_without_a_server(site):
    with browser() as running, opened(running, site / "index.html") as page:
        page.get_by_role("textbox", name="Search").fill("switching value")
        page.keyboard.press("Enter")
        page.wait_for_selector("ul.search li a")
        assert "Read a report" in page.locator("ul.search").inner_text()

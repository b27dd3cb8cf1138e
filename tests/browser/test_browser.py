"""Every page we write, in a real browser with the network off."""

import json
import re
from datetime import UTC, datetime

import nbformat
import pytest

from model import report
from model.report import diff, write_index
from model.report.headlines import summary_html
from model.results import provenance
from tests.browser.browsing import browser, opened, violations
from tests.report.fake_result import exported, fake_result

pytestmark = pytest.mark.browser
PARTS = ["at_a_glance", "proposal", "savings", "funding", "structure", "risk", "published", "appendix",
         "provenance_block"]  # fmt: skip
PAGES = ["report", "summary", "index", "diff"]


def executed(result):
    """A notebook as a run leaves it, its outputs made from the result."""
    cells = [nbformat.v4.new_markdown_cell("# Report\n\nIn plain words.")]
    for name in PARTS:
        html = getattr(report, name)(result)._repr_html_()
        output = nbformat.v4.new_output("execute_result", data={"text/html": html}, execution_count=1)
        cells += [nbformat.v4.new_markdown_cell(f"## {name.replace('_', ' ').capitalize()}"),
                  nbformat.v4.new_code_cell(f"report.{name}(result)", outputs=[output])]  # fmt: skip
    told = nbformat.v4.new_output("stream", name="stdout", text="printed\n")
    cells += [nbformat.v4.new_markdown_cell("## Assumptions"), nbformat.v4.new_code_cell("a", outputs=[told])]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    case = folder / "fake-2022"
    for scenario in ("base", "other"):
        result, place = fake_result(scenario), case / scenario
        place.mkdir(parents=True)
        result.annual.to_csv(place / "annual.csv", index=False)
        metrics = result.metrics_by_perimeter
        for found in metrics.values():
            found["npv_gbp"]["central"] += 0 if scenario == "base" else 1e6  # or the index would fold it: it is as base
        (place / "metrics.json").write_text(json.dumps(metrics))
        found = provenance.provenance(result.case, draws=400, seed=2 if scenario == "other" else 1)
        provenance.write(place, found, started=datetime(2022, 7, 13, tzinfo=UTC), seconds=1)
        exported(executed(result), place / "report.html", f"A case: {scenario}", about="Why.")
        (place / "summary.html").write_text(summary_html(result), encoding="utf-8")
    write_index(case)
    text = diff.as_html(diff.compare(case / "base", case / "other"), "One compared with the other")
    (folder / "diff.html").write_text(text, encoding="utf-8")
    first = case / "base"
    return {
        "report": first / "report.html",
        "summary": first / "summary.html",
        "index": case / "index.html",
        "diff": folder / "diff.html",
    }


@pytest.fixture(scope="module")
def running():
    with browser() as found:
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(pages, running, name, scheme):
    with opened(running, pages[name], scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert violations(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_it_loads_with_the_network_off_asking_for_nothing_and_saying_nothing(pages, running, name):
    with opened(running, pages[name]) as page:
        assert [url for url in page.asked if not url.startswith("data:")] == [pages[name].as_uri()]
        assert page.said == []
        assert pages[name].stat().st_size < 2_000_000


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 1100])
def test_nothing_but_tables_charts_and_code_scrolls_sideways(pages, running, name, width):
    with opened(running, pages[name], width=width) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["report", "index"])
def test_no_table_is_cut_on_a_screen_of_984_pixels(pages, running, name):
    with opened(running, pages[name], width=984) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        cut = page.evaluate("""() => [...document.querySelectorAll('.scroll:has(table)')]
            .filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.getAttribute('aria-label'))""")
        assert cut == []


def test_axe_would_find_something_if_there_were_something(running, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text("<html><body><img src='data:,'><p style='color:#ccc;background:#fff'>pale</p></body></html>")
    with opened(running, bad) as page:
        found = "\n".join(violations(page))
    assert all(rule in found for rule in ("image-alt", "html-has-lang", "color-contrast"))


def test_a_hostile_note_did_nothing(pages, running):
    with opened(running, pages["report"]) as page:
        assert page.title() == "A case: base"
        assert page.evaluate("document.querySelectorAll('script').length") == 1
        assert page.evaluate("document.querySelectorAll('img').length") == 0
        assert page.evaluate("document.body.textContent.includes(\"<script>document.title='owned'</script>\")")


def test_the_first_tab_skips_to_the_content_and_every_stop_can_be_seen(pages, running):
    with opened(running, pages["report"]) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the main content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        last = -1
        for _ in range(40):
            page.keyboard.press("Tab")
            state = page.evaluate(
                """() => { const e = document.activeElement, s = getComputedStyle(e);
                   const all = [...document.querySelectorAll('*')];
                   return [e.tagName, s.outlineStyle, parseFloat(s.outlineWidth), all.indexOf(e)]; }"""
            )
            assert state[1] != "none", state
            assert state[2] >= 2, state
            assert state[3] > last
            last = state[3]


def test_code_opens_from_the_keyboard(pages, running):
    with opened(running, pages["report"]) as page:
        code = page.locator("details.code").first
        code.locator("summary").focus()
        page.keyboard.press("Enter")
        assert code.evaluate("d => d.open")


def test_a_table_sorts_from_the_keyboard_and_reads_the_same_without_script(pages, running):
    first = "#t-side-invest-to-save tbody tr:first-child th"
    with opened(running, pages["index"], java_script_enabled=False) as page:
        assert page.locator(first).inner_text().startswith("The base scenario")
        assert page.locator("th button").count() == 0
    with opened(running, pages["index"]) as page:
        button = page.locator("#t-side-invest-to-save thead button").first
        button.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        assert page.locator(first).inner_text().startswith("The other scenario")
        assert button.evaluate("b => b.closest('th').getAttribute('aria-sort')") == "descending"


def test_print_is_a4_with_page_numbers_and_leaves_out_code_and_navigation(pages, running, tmp_path):
    with opened(running, pages["report"]) as page:
        page.emulate_media(media="print")
        for selector in ("nav.contents", "details.code", ".skip", "details.rests"):
            assert page.locator(selector).first.evaluate("e => getComputedStyle(e).display") == "none"
        page.emulate_media(media=None)
        made = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    boxes = {
        (round(float(w)), round(float(h))) for w, h in re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", made)
    }
    assert boxes <= {(595, 842), (596, 842), (842, 595), (842, 596)}
    assert boxes


def test_the_summary_prints_on_one_side_of_a4(pages, running):
    with opened(running, pages["summary"]) as page:
        assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True))) == 1


def test_motion_is_still_for_those_who_ask(pages, running):
    with opened(running, pages["report"], reduced_motion="reduce") as page:
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"

"""Pages built from a result made by hand: structure, safety and agreement with the numbers. No browser."""

import html
import itertools
import re
from html.parser import HTMLParser

import nbformat
import pytest

from model import report
from model.report import assumptions, headlines, money, views
from model.report.export import NO_WORDS, body_of
from model.report.look import format as fmt
from model.report.look.page import Page, render
from model.results import perimeters
from tests.report.fake_result import HOSTILE, exported, fake_case, fake_result

SECTIONS = ["at_a_glance", "proposal", "savings", "funding", "structure", "risk", "published", "appendix",
            "provenance_block"]  # fmt: skip


@pytest.fixture(scope="module")
def result():
    return fake_result()


@pytest.fixture(scope="module")
def page(result):
    parts = [f"<h2>{name}</h2>{getattr(report, name)(result).html}" for name in SECTIONS]
    return render(Page(title="A & B <report>", kicker="kicker", about="about", footer="footer"), "\n".join(parts))


class Reader(HTMLParser):
    """Collect tags with attributes, ids, links, text, and complain about what is not closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words, self.broken = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "img", "br", "input", "use", "path"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag == "path":
            return
        if not self.open or self.open.pop() != tag:
            self.broken.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_is_well_formed_and_every_link_inside_it_lands(page):
    read = Reader(page)
    assert read.broken == []
    assert read.open == []
    ids = [a["id"] for _, a in read.tags if "id" in a]
    assert len(ids) == len(set(ids))
    inside = {a["href"][1:] for tag, a in read.tags if tag == "a" and a.get("href", "").startswith("#")}
    assert inside - set(ids) == set()


def test_the_page_asks_for_nothing_and_runs_only_its_own_script(page):
    read = Reader(page)
    fetched = [a[k] for _, a in read.tags for k in ("src", "data", "poster") if k in a]
    assert all(f.startswith("data:") for f in fetched)
    assert [a["href"] for tag, a in read.tags if tag == "link"] == ["data:,"]
    assert sum(tag == "script" for tag, _ in read.tags) == 1
    assert "default-src 'none'" in page
    assert not re.search(r"@import|url\((?!#)", page)


def test_headings_are_in_order_under_one_h1(page):
    levels = [int(tag[1]) for tag, _ in Reader(page).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_every_header_its_scope(page):
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    assert len(tables) > 10
    for table in tables:
        assert table.count("<caption>") == 1
        assert all('scope="' in head for head in re.findall(r"<th\b[^>]*>", table))
        assert len(set(re.findall(r"<caption>(.*?)</caption>", table))) == 1
        widths = {len(re.findall(r"<t[hd]\b", row)) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)}
        assert len(widths) == 1
    captions = re.findall(r"<caption>(.*?)</caption>", page)
    assert len(captions) == len(set(captions))


def test_a_hostile_note_is_shown_as_the_text_it_is(page):
    read = Reader(page)
    shown = "".join(read.words)
    assert "<script>document.title='owned'</script>" in shown
    assert "<img src=x onerror=alert(1)>" in shown
    assert "👩‍👩‍👧" in shown
    assert "long long long" in shown
    assert shown.count("long ") >= 2000
    assert not any("onerror" in a for _, a in read.tags)
    assert "\x07" not in page
    assert "<bdi>" in page


def test_the_title_is_text_too(page):
    assert "<title>A &amp; B &lt;report&gt;</title>" in page
    assert "<h1>A &amp; B &lt;report&gt;</h1>" in page


def test_nothing_reads_as_nan_none_or_minus_nothing(page):
    shown = "".join(Reader(re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)).words)
    assert not re.search(r"\bnan\b|\bNone\b|−£0(?![.,\d])|£-|\binf\b", shown)


def test_every_chart_has_words_and_its_data_beside_it(page):
    charts = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(charts) >= 4
    assert [chart for chart in charts if "<table" not in chart] == [c for c in charts if 'id="f-savings-' in c]
    for chart in charts:
        alt = html.unescape(re.search(r'<svg[^>]*aria-label="([^"]*)"', chart).group(1))
        assert len(alt) > 60
        assert 'role="img"' in chart
        assert "Rests on" in chart
    assert "No description has been provided" not in page


def test_charts_have_the_same_bytes_each_time_and_no_date(result):
    first, second = (money.savings_by_year(r, "whole").svg for r in (result, fake_result()))
    assert first == second
    assert "<dc:date>" not in first


def test_alt_text_says_what_the_frames_say(result):
    net = views.cumulative(result, "whole")["central"]
    chart = money.cumulative_fan(result, "whole")
    ends = [f"{fmt.month(m)}: Central {fmt.thousands(net[m])}, " for m in (net.index[11], net.index[-1])]
    assert chart.alt.startswith(f"Fan chart. {chart.title}. {chart.data.caption}. {ends[0]}")
    assert ends[1] in chart.alt


def test_the_headline_table_repeats_the_metrics(result):
    table = headlines.headlines(result)
    rows = {row[0].text: [c.text for c in row[1:]] for row in table.rows}
    shown = perimeters.shown_perimeters(result.case)
    assert shown == ("fostering", "edge_of_care", "invest_to_save", "whole")
    for words, name in (("NPV in cash, central", "npv_cashable_gbp"), ("NPV with cost avoided, central", "npv_gbp")):
        assert rows[words] == [fmt.money(views.metric(result, p, name)) for p in shown]
    assert list(rows).index("NPV in cash, central") < list(rows).index("NPV with cost avoided, central")
    assert rows["Paid back in cash by, central"][-1] == "never"


def test_lines_in_the_table_add_up_to_its_net(result):
    table = money.by_line(result, "whole")
    total = sum(row[-1].sort for row in table.rows[:-1])
    assert total == pytest.approx(table.rows[-1][-1].sort, abs=0.05)


def test_red_amber_and_green_are_words_as_well_as_colours(result):
    page = assumptions.all_assumptions(result.case).html
    for word, mark in (("red", "▲"), ("amber", "◆"), ("green", "●")):
        assert f'<span aria-hidden="true">{mark}</span> {word}' in page


def test_a_scenario_without_schemes_says_so_instead_of_failing():
    case = fake_case(schemes=(), scenario="do-nothing")
    assert "Nothing is done" in headlines.answer(fake_result_of(case))[0]


def fake_result_of(case):
    from tests.report.fake_result import FakeResult

    return FakeResult(case)


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def code(source, *outputs):
    return nbformat.v4.new_code_cell(source, outputs=list(outputs))


def shows(**data):
    kinds = {"html": "text/html", "png": "image/png", "plain": "text/plain"}
    return nbformat.v4.new_output("display_data", data={kinds[k]: v for k, v in data.items()})


def test_code_is_one_click_away_for_each_step_and_for_all(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# Own title\n\n## Part"), code("a = '<b>'", shows(html="<p>seen</p>"))]
    out = tmp_path / "report.html"
    exported(notebook(*cells), out, "T", kicker="k")
    text = out.read_text(encoding="utf-8")
    assert "<p>seen</p>" in text
    assert html.unescape(text).count("<code>a = '<b>'</code>") == 1
    assert html.unescape(text).count("# Step 1\na = '<b>'") == 1
    assert "Show 1 step" in text
    assert "Own title" not in text
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_the_export_leaves_the_notebook_it_was_given_alone():
    node = notebook(code("1"))
    before = nbformat.writes(node)
    body_of(node)
    assert nbformat.writes(node) == before


def test_a_picture_without_words_says_that_nobody_gave_it_any():
    pixel = "iVBORw0KGgo="
    assert NO_WORDS in body_of(notebook(code("plot", shows(png=pixel))))
    told = nbformat.v4.new_output("display_data", data={"image/png": pixel}, metadata={"image/png": {"alt": 'A "dot"'}})
    assert 'alt="A &quot;dot&quot;"' in body_of(notebook(code("plot", told)))


def test_an_error_in_a_cell_is_shown_with_its_text_escaped():
    error = nbformat.v4.new_output("error", ename="E", evalue="v", traceback=["\x1b[31mE\x1b[0m: <b>x</b>"])
    body = body_of(notebook(code("boom", error)))
    assert "&lt;b&gt;x&lt;/b&gt;" in body
    assert 'class="failed"' in body


def test_the_hostile_note_is_hostile_enough():
    assert len(HOSTILE) > 10_000

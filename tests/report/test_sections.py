"""What a section says of money, posts and the reserve is what the frames hold, in words that do not mislead."""

import csv
import html
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import report, run
from model.case.reading.problems import InputProblems
from model.report import assumptions, comparison, posts, purses
from model.report.look import format as fmt
from model.report.look.page import Page, render
from model.results import establishment as lines
from model.results import outputs
from model.schemes.load import load_case
from tests.cases import write_case
from tests.engine import invented, load

CASE = Path(__file__).parents[2] / "inputs" / "bury-2022"
BURY = load_case(CASE)
MINIMUM = 500_000.0  # of the invented reserve


@pytest.fixture(scope="module")
def result():
    return run(invented(), draws=40, seed=1)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A reserve that other calls on it exhaust in some draws and not in others."""
    rows = {
        "reserve.commitments_annual": {
            "value": "20000", "low": "0", "high": "150000", "distribution": "uniform", "price_base": "2022/23"
        },
        "agency.managed_teams_end_months": {"value": "9"},  # paid anyway: £0.9m of the £0.5m to £2.5m there is to spend
    }  # fmt: skip
    return run(load(tmp_path_factory.mktemp("short"), "base", assumptions=rows), draws=40, seed=1)


def texts(table):
    return [tuple(cell.text for cell in row) for row in table.rows]


def row_of(table, start):
    return next(row for row in texts(table) if row[0].startswith(start))


def plain(block):
    return re.sub(r"<[^>]*>", "|", re.sub(r"(?s)<svg.*?</svg>", "", block.html))


# -- the reserve


def test_a_reserve_that_may_run_short_is_never_called_safe(short):
    whole = short.metrics_by_perimeter["whole"]
    chance, lacks = whole["probability_reserve_short"]["mean"], whole["reserve_shortfall_gbp"]
    assert 0 < chance < 1
    assert fmt.chance(chance) in purses.reserve_balance(short).title
    for figure in (fmt.chance(chance), fmt.money(lacks["mean"]), fmt.money(lacks["p90"])):
        assert figure in purses.reserve_words(short)
    assert purses.reserve_words(short) in plain(report.funding(short)).replace("&#x27;", "'").replace("&#39;", "'")


def test_the_reserve_table_shows_how_short_in_years_that_add_up_to_the_mean(short):
    table = purses.reserve(short)
    mean = next(row for row in table.rows if row[0].text == "Asked for beyond what there is, mean of all runs")
    assert sum(c.sort for c in mean[1:]) == pytest.approx(
        short.metrics_by_perimeter["whole"]["reserve_shortfall_gbp"]["mean"], abs=1
    )
    left = next(row for row in table.rows if row[0].text.endswith("10th percentile"))
    assert left[-1].sort < MINIMUM


def test_the_reserve_chart_falls_below_the_minimum_where_the_closing_balance_cannot(short):
    closing, before = (purses.funding_item(short, "reserve", i) for i in ("closing", "before_top_up"))
    asked = purses.funding_item(short, "reserve", "shortfall")
    assert (closing["p10"] >= MINIMUM - 0.01).all()
    assert before["p10"].iloc[-1] < MINIMUM
    assert np.allclose(before["mean"], closing["mean"] - asked["mean"].cumsum(), atol=0.5)


def test_a_central_run_alone_says_nothing_of_draws():
    one = run(invented(), draws=1, seed=1)
    assert "of runs" not in purses.reserve_words(one)
    assert "of runs" not in purses.reserve_balance(one).title


def test_scenarios_side_by_side_show_how_likely_the_reserve_is_to_run_short(short):
    table = comparison.headlines([outputs.run_of(short)], "whole", "Whole")
    at = table.columns.index("Reserve runs short in")
    whole = short.metrics_by_perimeter["whole"]
    assert table.rows[0][at].text == fmt.chance(whole["probability_reserve_short"]["mean"])
    assert table.rows[0][at + 1].text == fmt.money(whole["reserve_shortfall_gbp"]["mean"])


# -- what is proposed


def test_the_schemes_and_the_establishment_add_up_to_the_same_posts_and_money(tmp_path):
    for scenario in ("base", "fostering-only", "do-nothing"):
        case = load(tmp_path / scenario, scenario)
        table = posts.posts(case)
        totals = [row for row in table.rows if row[0].kind == "total"]
        single = [row for row in table.rows if row[0].kind != "total"]
        for column in (2, 3, 4, 5):
            parts = sum(row[column].sort for row in single)
            if len(totals) > 1:
                assert totals[-1][column].sort == pytest.approx(parts)
        if single:
            printed = sum(times * post.change_annual_cost_gbp for _, post, times in lines.lines(case))
            assert printed == pytest.approx(sum(row[5].sort for row in single))
            net = sum(times * (post.fte_proposed - post.fte_current) for _, post, times in lines.lines(case))
            assert net == pytest.approx(sum(row[4].sort for row in single))


def test_a_scheme_that_does_not_act_is_not_in_the_table_of_posts():
    table = posts.posts(invented())
    idle = [spec.title for spec in invented().schemes if not spec.active]
    assert idle
    assert not {row[1] for row in texts(table)} & set(idle)


def test_a_rota_by_the_day_costs_a_year_what_its_column_says():
    rows = [row for row in texts(posts.posts(BURY)) if "every day" in row[0]]
    assert rows == [("Foster Care on Call: Foster care out-of-hours rota (£30 every day)", "In-house fostering growth",
                     "0", "0", "0", "£10,950", "003 table 10.3; para 5.22")]  # fmt: skip


def test_burys_posts_are_the_papers_and_the_carve_out_is_shown():
    table = posts.posts(BURY)
    assert texts(table)[-1][2:6] == ("137.35", "194.1", "56.75", "£2,632,526")
    assert row_of(table, "Rest of the restructure: total")[4:6] == ("50.75", "£2,185,633")
    moved = row_of(table, "Social Care & Safeguarding: Edge of Care team: taken out")
    assert moved[4:6] == (f"{fmt.MINUS}4", f"{fmt.MINUS}£307,870")
    assert not any("Director" in row[0] for row in texts(table))
    on_top = load_case(CASE, scenario="edge-of-care-team-on-top")
    assert texts(posts.posts(on_top))[-1][4:6] == ("60.75", "£2,940,396")


def test_posts_filled_already_are_said_where_posts_to_be_recruited_are_counted():
    words = posts.recruited_words(BURY)
    assert "56.75 net new fte, 7 are filled already (Business Support); 49.75 fte have to be recruited" in words


@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 2)), min_size=1, max_size=8),
    st.integers(-1, 1),
)
def test_parts_add_up_to_a_total_given_and_none_is_far_from_what_it_is(values, off):
    total = sum(values) + 1e3 * off
    parts = fmt.in_thousands_to(values, total)
    if abs(sum(values) - total) < 1e3 * len(values):
        assert sum(parts) == 1e3 * fmt.thousand(total)
        assert all(abs(p - v) <= 3e3 for p, v in zip(parts, values, strict=True))
    assert all(p == 0 for p, v in zip(parts, values, strict=True) if v == 0) or not any(values)


# -- papers


def test_the_report_says_what_a_number_before_a_source_stands_for():
    first = html.unescape(posts.posts(BURY).html)
    assert "003 is Children's Services Restructure Proposals, report to Cabinet, 13 July 2022" in first
    assert "000 is" not in first  # decided later, and no scheme of this scenario rests on it
    listed = texts(assumptions.papers(BURY))
    assert [row[0] for row in listed] == ["003", "001", "002", "000"]
    assert "Papers that sources cite" in repr(report.all_assumptions(BURY))


def test_a_case_that_names_no_papers_lists_none():
    assert assumptions.papers_words(invented(), ["003 para 5"]) == ""
    assert "Papers that sources cite" not in repr(report.all_assumptions(invented()))


def test_a_paper_needs_a_title_and_its_number_once(tmp_path):
    path = write_case(tmp_path)
    toml = path / "case.toml"
    toml.write_text(toml.read_text() + '\n[[papers]]\nref = "1"\ntitle = "A"\n\n[[papers]]\nref = "1"\ntitel = "B"\n')
    with pytest.raises(InputProblems) as found:
        load_case(path)
    message = str(found.value)
    assert "papers[2].titel" in message
    assert "papers[2].title" in message
    assert "each paper once" in message


# -- money that is said to add up


def printed(text):
    return 0 if text == "£0" else int(text.replace("£", "").replace("k", "").replace(",", "").replace(fmt.MINUS, "-"))


@pytest.fixture(scope="module", params=["invented", "bury"])
def any_result(request):
    return run(invented() if request.param == "invented" else BURY, draws=1, seed=1)


def test_the_reserve_statement_as_printed_leads_from_balance_to_balance(any_result):
    rows = {row[0]: [printed(cell) for cell in row[1:]] for row in texts(purses.reserve(any_result))}
    at = {item: rows.get(words, [0] * 10) for item, words in purses.RESERVE.items()}
    for year in range(len(at["opening"])):
        into = sum(at[i][year] for i in ("opening", "released", "loan_advance", "shortfall"))
        out = sum(at[i][year] for i in ("commitments", "carried", "implementation", "one_offs"))
        assert into - out == at["closing"][year]
    assert at["opening"][1:] == at["closing"][:-1]


def test_pressures_and_savings_as_printed_add_up_to_the_change_of_the_base_budget(any_result):
    rows = texts(purses.mtfp(any_result))
    total = next(row for row in rows if row[0].startswith("Total"))
    for year in range(1, len(total)):
        parts = [printed(row[year]) for row in rows if row[0].startswith(("Pressure", "Saving"))]
        assert sum(parts) == printed(total[year])


def test_a_figure_rounded_to_add_up_is_within_a_thousand_of_what_it_is(any_result):
    table, held = purses.reserve(any_result), any_result.funding
    central = held[(held.group == "reserve") & (held.statistic == "central")]
    for row in table.rows:
        for item in (item for item, words in purses.RESERVE.items() if words == row[0].text):
            exact = central[central["item"] == item]["value_gbp"].to_numpy()
            assert np.allclose([cell.sort for cell in row[1:]], exact, atol=1_000)


def test_the_schemes_as_printed_add_up():
    for scenario in ("base", "as-published", "optimistic"):
        block = report.proposal(run(load_case(CASE, scenario=scenario), draws=1, seed=1)).html
        table = block[: block.index("</table>")]
        rows = [re.findall(r"<td[^>]*number[^>]*>([^<]*)<", row) for row in table.split("<tr")[2:]]
        for column in (1, 2):
            assert sum(printed(row[column]) for row in rows[:-1]) == printed(rows[-1][column])


# -- posts with a grade, and agency cover


def test_a_memo_may_leave_its_cost_out_and_a_row_that_moves_money_may_not(tmp_path):
    path = write_case(tmp_path)
    file = path / "establishment.csv"
    names = file.read_text().splitlines()[0].split(",")
    first = next(line["id"] for line in csv.DictReader(file.open()) if line["charged_to"] == "improvement")
    given = dict.fromkeys(names, "") | {
        "id": "memo", "team": "social_care", "post": "A memo", "fte_current": "0", "fte_proposed": "1", "grade": "G1",
        "charged_to": "improvement", "included_in": first, "funding": "general_fund",
        "source": "s",
    }  # fmt: skip
    before = file.read_text().rstrip("\n")
    file.write_text(before + "\n" + ",".join(given[n] for n in names) + "\n")
    memo = next(p for p in load_case(path).establishment if p.id == "memo")
    assert memo.printed_gbp is None
    assert memo.change_annual_cost_gbp == 0
    given |= {"charged_to": "edge_of_care", "grade": ""}
    file.write_text(before + "\n" + ",".join(given[n] for n in names) + "\n")
    with pytest.raises(InputProblems, match="change_annual_cost_gbp"):
        load_case(path)


# -- lines and units


def test_a_line_never_ends_between_a_minus_and_its_pounds():
    body = f"<p>{fmt.money(-3e6)} to {fmt.money(-2e6)}</p><svg><text>{fmt.MINUS}£1</text></svg>"
    page = render(Page(title="A page"), body)
    assert page.count(f"{fmt.MINUS}\N{WORD JOINER}£") == 2
    assert f"<text>{fmt.MINUS}£1</text>" in page
    assert page.replace("\N{WORD JOINER}", "").count(body) == 1


def test_children_served_for_each_child_are_not_counted_twice_in_words():
    assert fmt.quantity(1.8, "children/child") == "1.8 for each child"


def test_reserves_with_and_without_their_agency_teams_are_said_not_to_be_compared():
    nothing = run(load_case(CASE, scenario="do-nothing"), draws=1, seed=1)
    assert comparison.headlines([outputs.run_of(nothing)], "whole", "Whole").note == comparison.RESERVE_NOTE

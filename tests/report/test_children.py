"""The chapter on children: its figures against the frames, what it may know, and sums that add up."""

import dataclasses

import pytest

from model import load_case, report, run
from model.report import children, views
from model.report.look import format as fmt
from model.results.children import children_of
from tests.cases import write_case

NUMBER = str.maketrans({"£": "", ",": "", "k": "", "%": "", "\N{MINUS SIGN}": "-", "+": ""})
ACTUALS = """\
period,measure,value,unit,source,note
2021-03-31,children_looked_after,201,children,a return,
2022-03-31,children_looked_after,207,children,a return,
2023-03-31,children_looked_after,190,children,a return,
2024-03-31,children_looked_after,999,children,a return,
2021/22,children_looked_after,55,children,a year is no day,
2022-03-31,something_else,7,count,a return,
"""


def value(cell):
    """The number in a cell as it is printed; None for a dash."""
    return None if cell.text == "–" else float(cell.text.translate(NUMBER))


def column(table, i, rows=slice(None)):
    """One column of a table, as printed."""
    return [value(row[i]) for row in table.rows[rows]]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run(load_case(write_case(tmp_path_factory.mktemp("case"), files={"actuals.csv": ACTUALS})), draws=40, seed=1)


@pytest.fixture(scope="module")
def read(result):
    return children_of(result)


def with_case(read, **changes):
    """The same children under a changed case."""
    return dataclasses.replace(read, case=dataclasses.replace(read.case, **changes))


def with_hindsight(read):
    return with_case(read, conventions=dataclasses.replace(read.case.conventions, hindsight=True))


def stock(result, world, placement, month, statistic="central"):
    f = result.caseload
    kept = f[(f.world == world) & (f.age_band == "all") & (f.placement == placement) & (f.measure == "stock")
             & (f.month == month) & (f.statistic == statistic)]  # fmt: skip
    return float(kept.children.iloc[0])


# --- What may be known ------------------------------------------------------------------------------------------


def test_what_was_recorded_by_the_knowledge_date_is_history_and_what_came_after_is_not(read):
    found = children.recorded(read.case)
    assert [(r.month, r.children, r.used) for r in found] == [
        ("2021-03", 201, True), ("2022-03", 207, True), ("2023-03", 190, False), ("2024-03", 999, False),
    ]  # fmt: skip


def test_with_hindsight_everything_recorded_is_known(read):
    assert all(r.used for r in children.recorded(with_hindsight(read).case))


def test_later_years_stand_apart_and_are_said_to_be_unused(read):
    figure = children.all_children(read)
    assert figure.data.columns[-1] == "Happened since (not used)"
    rows = {row[0].text: row for row in figure.data.rows}
    assert (value(rows["March 2023"][1]), value(rows["March 2023"][-1])) == (None, 190)
    assert (value(rows["March 2021"][1]), value(rows["March 2021"][-1])) == (201, None)
    assert "Happened since (not used)" in figure.svg
    assert "The model does not use them" in figure.note


def test_with_hindsight_nothing_is_called_unused(read):
    figure = children.all_children(with_hindsight(read))
    assert "not used" not in figure.svg + figure.alt + " ".join(figure.data.columns)
    assert "This scenario has hindsight" in figure.note


def test_what_happened_since_moves_no_number_of_the_forecast(read):
    with_it, without = children.all_children(read), children.all_children(with_case(read, actuals=()))
    assert with_it.title == without.title
    ahead = {row[0].text: [c.text for c in row[1:]] for row in without.data.rows}
    assert with_it.data.columns[2:-1] == without.data.columns[1:]
    for row in with_it.data.rows:
        if row[0].text in ahead:
            assert [c.text for c in row[2:-1]] == ahead[row[0].text]


# --- Figures against the frames ---------------------------------------------------------------------------------


def test_the_chart_of_all_children_says_what_the_frame_says(result, read):
    figure = children.all_children(read)
    at = {name: i for i, name in enumerate(figure.data.columns)}
    for row in figure.data.rows:
        if value(row[at["Do nothing, central"]]) is None:
            continue
        month = f"{row[0].text[-4:]}-03"
        for name, statistic in (("central", "central"), ("10th", "p10"), ("50th", "p50"), ("90th", "p90")):
            expected = stock(result, "do_nothing", "all", month, statistic)
            assert value(row[at[f"Do nothing, {name}"]]) == pytest.approx(expected, abs=0.0501)
        assert value(row[at["With the schemes"]]) == pytest.approx(
            stock(result, "with_schemes", "all", month), abs=0.0501
        )


def test_alt_text_and_title_give_the_numbers_of_the_frame(result, read):
    figure = children.all_children(read)
    later = stock(result, "do_nothing", "all", "2027-03")
    assert f"if nothing is done, {later:.0f} by March 2027" in figure.title
    assert f"with the schemes, {stock(result, 'with_schemes', 'all', '2027-03'):.0f}" in figure.title
    assert f"Line chart. {figure.title}. {figure.data.caption}. March 2021: Recorded 201." in figure.alt
    assert f"With the schemes {stock(result, 'with_schemes', 'all', '2032-03'):.1f}." in figure.alt


def test_the_first_year_sentence_counts_entries_and_exits_of_the_frame(result, read):
    f = result.caseload
    months = [m for m in read.months if "2022-04" <= m <= "2023-03"]
    kept = f[(f.world == "do_nothing") & (f.age_band == "all") & (f.placement == "all") & (f.statistic == "central")
             & f.month.isin(months)]  # fmt: skip
    assert read.entered == pytest.approx(kept[kept.measure == "entry"].children.sum())
    assert read.left == pytest.approx(kept[kept.measure == "exit"].children.sum())
    change = stock(result, "do_nothing", "all", "2023-03") - stock(result, "do_nothing", "all", "2022-03")
    assert read.entered - read.left == pytest.approx(change, abs=1e-3)


# --- Sums -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["placement", "age"])
def test_children_are_rounded_plainly_and_their_changes_from_unrounded_numbers(result, read, by):
    table = children.now_and_later(read, by)
    assert "may differ by 0.1" in table.note
    for row in table.rows:
        now, nothing, change, schemes, effect = (c.sort for c in row[1:])
        assert (nothing - now, schemes - nothing) == (
            pytest.approx(change, abs=0.0501),
            pytest.approx(effect, abs=0.0501),
        )
    for i in range(1, 6):
        *parts, total = [row[i].sort for row in table.rows]
        assert sum(parts) == pytest.approx(total, abs=0.0501 * len(parts))
    if by == "placement":
        shown = {row[0].text: row for row in table.rows}
        for placement, title in views.PLACEMENT_TITLES.items():
            if title in shown:
                effect = stock(result, "impact", placement, "2027-03")
                assert shown[title][5].text == fmt.signed(effect, 1)
                assert shown[title][4].text == fmt.decimal(stock(result, "with_schemes", placement, "2027-03"), 1)
    assert value(table.rows[-1][1]) == pytest.approx(stock(result, "do_nothing", "all", "2022-03"), abs=0.0501)
    assert value(table.rows[-1][4]) == pytest.approx(stock(result, "with_schemes", "all", "2027-03"), abs=0.0501)


# --- The chapter ------------------------------------------------------------------------------------------------


def test_the_chapter_holds_both_charts_and_all_tables_with_the_numbers_behind(result):
    page = report.caseload(result).html
    for key in ("f-children-all", "t-children-by-placement", "t-children-all-data"):
        assert page.count(f'id="{key}"') == 1
    assert ">nan<" not in page


def test_what_placements_cost_is_what_the_frame_of_costs_says(result):
    f = result.placement_costs
    cost = f[(f.financial_year == "2026/27") & (f.statistic == "central")].set_index("placement")["value_gbp"]
    said, most = children.cost_words(result), cost.drop("all").max()
    assert f"placements cost {fmt.money(cost['all'])} in 2026/27" in said
    assert f" is {fmt.percent(most / cost['all'])} of that." in said


def test_a_central_run_without_draws_shows_no_fan(result):
    page = report.caseload(run(result.case, draws=1)).html
    assert "percentile" not in page.split("Rests on")[0]
    assert "10th" not in page
    assert "eight runs" not in page


def test_without_schemes_no_line_with_schemes_is_drawn(read):
    stock = {key: 0 * frame if key == "impact" else frame for key, frame in read.stock.items()}
    assert "With the schemes" in children.all_children(read).svg
    assert "With the schemes" not in children.all_children(dataclasses.replace(read, stock=stock)).svg

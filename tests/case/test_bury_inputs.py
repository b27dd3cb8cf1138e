"""Bury's inputs: they add up to the printed totals, say where they come from, and look no further than their date."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path

import pytest

from model.case import draws
from model.money import portfolio
from model.results.reconcile import reconcile
from model.results.runs import run
from model.schemes.load import load_case

INPUTS = Path(__file__).parents[2] / "inputs"
BURY = INPUTS / "bury-2022"
KNOWN_BY = "2022-07-13"
PEOPLE = re.compile(r"\b(?:Councillor|Cllr|Mrs|Mr|Ms|Dr)\.? [A-Z]|[\w.]+@[\w.]+")


def rows(name: str) -> list[dict[str, str]]:
    """Read one of Bury's CSV files."""
    with (BURY / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ASSUMPTIONS = {row["name"]: row for row in rows("assumptions")}
POSTS = rows("establishment")
PRINTED = [row for row in POSTS if row["change_annual_cost_gbp"]]  # one row is priced from its grades instead
LINES = [row for row in PRINTED if not row["included_in"]]
SCENARIOS = sorted(path.stem for path in (BURY / "scenarios").glob("*.toml"))


def pennies(team: str = "", *, lines: list[dict[str, str]] = LINES) -> int:
    """Add up the printed cost of a team's lines, or of all, in whole pence."""
    return sum(round(100 * float(row["change_annual_cost_gbp"])) for row in lines if team in ("", row["team"]))


def test_establishment_adds_up_to_table_10_3_to_the_penny() -> None:
    # The report prints £194,553 and £2,632,527: its lines make a pound less, and the lines are what is kept here.
    assert pennies("social_care") == 1_385_421_00
    assert pennies("education") == 194_552_00
    assert pennies("early_help") == 728_328_00
    assert pennies() == 2_632_526_00


def test_fte_add_up_to_table_10_3() -> None:
    current = sum(round(100 * float(row["fte_current"])) for row in LINES)
    proposed = sum(round(100 * float(row["fte_proposed"])) for row in LINES)
    assert (current, proposed, proposed - current) == (137_35, 194_10, 56_75)


def test_memo_rows_stand_in_a_line_and_only_teams_that_save_move_money() -> None:
    lines = {row["id"]: row for row in LINES}
    memos = [row for row in POSTS if row["included_in"]]
    assert all(row["included_in"] in lines for row in memos)
    moving = [row["id"] for row in memos if row["charged_to"] != lines[row["included_in"]]["charged_to"]]
    assert moving == ["edge_of_care_team", "family_group_coordinators"]


def test_fostering_carries_its_team_and_the_rota_and_nothing_else() -> None:
    mine = {row["id"] for row in LINES if row["charged_to"] == "fostering"}
    assert mine == {"sc_fostering", "on_call"}


def test_nothing_in_the_base_was_learnt_after_the_decision() -> None:
    late = [name for name, row in ASSUMPTIONS.items() if not row["as_at"] or row["as_at"] > KNOWN_BY]
    assert late == []


def test_every_red_assumption_has_a_range_around_its_value() -> None:
    for name, row in ASSUMPTIONS.items():
        if row["quality"] == "red":
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), name
            assert float(row["low"]) < float(row["high"]), name


def test_every_assumption_says_what_it_is_and_whose_it_is() -> None:
    empty = [name for name, row in ASSUMPTIONS.items() if not (row["source"] and row["note"] and row["owner"])]
    assert empty == []


@pytest.mark.parametrize(
    "path", sorted(p for p in INPUTS.rglob("*") if p.suffix in {".csv", ".toml", ".md"}), ids=lambda path: path.name
)
def test_no_person_is_named(path: Path) -> None:
    assert PEOPLE.findall(path.read_text(encoding="utf-8")) == []


def test_caseload_margins_agree_and_make_the_published_totals() -> None:
    def total(column: str, **where: str) -> float:
        return sum(
            float(row[column] or 0)
            for row in rows("caseload")
            if all(row[key] == value for key, value in where.items()) and row["age_band"] != "18"
        )

    by_age, by_place = total("children", placement="all", stream=""), total("children", age_band="all", stream="")
    assert by_age == by_place == 351
    assert by_age + total("children", stream="uasc") == 359
    assert total("entries_annual") == 110
    at_18 = sum(float(row["exits_annual"] or 0) for row in rows("caseload") if row["age_band"] == "18")
    assert at_18 == 32
    assert total("exits_annual") + at_18 == 101


def test_foster_children_split_as_the_note_derives_it() -> None:
    places = {
        row["placement"]: float(row["children"])
        for row in rows("caseload")
        if row["age_band"] == "all" and row["children"]
    }
    fostered = places["in_house_foster"] + places["ifa_foster"] + places["family_and_friends"]
    assert fostered == 241
    bought = 127 + 12  # private and voluntary provision
    homes_and_flats = places["residential"] + places["supported_accommodation"] + 8
    own_homes, other_public = 3, 4
    assert bought == places["ifa_foster"] + homes_and_flats - own_homes - other_public


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_overrides_only_what_exists_and_says_why(scenario: str) -> None:
    toml = tomllib.loads((BURY / "scenarios" / f"{scenario}.toml").read_text(encoding="utf-8"))
    case = tomllib.loads((BURY / "case.toml").read_text(encoding="utf-8"))
    schemes = {scheme["name"] for scheme in case["schemes"]}
    assert toml["why"].endswith((".", "?"))
    for key, value in toml["overrides"].items():
        if key == "schemes":
            assert set(value) <= schemes
        elif not key.startswith("conventions."):
            assert key in ASSUMPTIONS, key


def test_the_scenarios_of_the_brief_are_there() -> None:
    wanted = {
        "as-published", "base", "optimistic", "pessimistic", "slow-recruitment", "fostering-only", "edge-of-care-only",
        "agency-as-whole-cost", "do-nothing", "later-evidence", "edge-of-care-team-on-top", "with-family-safeguarding",
    }  # fmt: skip
    assert wanted <= set(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_loads(scenario: str) -> None:
    case = load_case(BURY, scenario)
    assert case.scenario == scenario


def test_every_published_figure_has_the_verdict_its_row_expects() -> None:
    case = load_case(BURY, "as-published")
    frame = reconcile(case)
    assert frame[frame["verdict"] != frame["expected"]].empty


def test_the_published_price_gap_over_twenty_places_is_417143_pounds() -> None:
    case = load_case(BURY, "as-published")
    value = {name: assumption.value for name, assumption in case.assumptions.items()}
    places = value["fostering.households"] * value["fostering.places_per_household"] * value["fostering.fill_rate"]
    gap = value["price.ifa_foster_weekly"] - value["price.in_house_foster_weekly"]
    assert round(places * gap * case.conventions.weeks_per_year) == 417_143


def test_as_published_gives_the_printed_year_once_everyone_is_in_post() -> None:
    """2024/25 has 365 days: the lines of table 10.3 in full, and £417,143 from twenty places."""
    case = load_case(BURY, "as-published")
    evaluation = portfolio.evaluate(case, draws.central(case))
    year = case.timeline.financial_years.index("2024/25")

    def in_the_year(perimeter: str, *natures: str) -> float:
        total = evaluation.perimeters[perimeter].total(natures, case.timeline.months, 1)
        return float(case.timeline.by_financial_year(total)[year, 0])

    assert in_the_year("whole", "investment") == pytest.approx(-2_632_526, abs=0.005)
    assert in_the_year("fostering", "cashable_saving", "cost_avoidance") == pytest.approx(417_142.86, abs=0.005)


def test_the_reserve_carries_in_as_published_what_the_report_says_of_the_managed_teams() -> None:
    """Para 10.6: £0.990m to December 2022, and nothing of it later."""
    result = run(load_case(BURY, "as-published"), draws=1)
    carried = result.funding.query("group == 'reserve' and item == 'carried' and statistic == 'central'")
    by_year = carried.set_index("financial_year")["value_gbp"]
    assert by_year["2022/23"] == pytest.approx(990_000, abs=0.005)
    assert by_year.drop("2022/23").abs().max() == 0


def test_with_the_real_fill_rate_the_report_s_prices_give_about_260_thousand() -> None:
    case = load_case(BURY, "as-published")
    filled = draws.with_values(draws.central(case), {"fostering.fill_rate": [0.62]})
    flows = portfolio.evaluate(case, filled).perimeters["fostering"]
    saved = flows.total(("cashable_saving", "cost_avoidance"), case.timeline.months, 1)
    year = case.timeline.financial_years.index("2024/25")
    assert float(case.timeline.by_financial_year(saved)[year, 0]) == pytest.approx(0.62 * 417_142.86, abs=1)

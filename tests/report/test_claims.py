"""What a paper claims a year stands beside the modelled years, and a sentence says whether any year holds it."""

import re
from pathlib import Path

import pytest

from model import load_case, run
from model.__main__ import main
from model.case.reading.problems import InputProblems
from model.report import headlines, reconciliation, views
from model.report.look import format as fmt
from model.results.reconcile import is_transcription, reconcile
from tests.cases import write_case

BURY = Path(__file__).resolve().parents[2] / "inputs" / "bury-2022"
HEADING = "ref,statement,value,unit,precision,formula,expected,beside_scheme\n"


def result_of(tmp_path, rows, scenario="as-published", draws=1):
    folder = write_case(tmp_path, files={"published.csv": HEADING + rows})
    return run(load_case(folder, scenario), draws=draws, seed=1)


def modelled(result, scheme):
    natures = views.by_nature(result, scheme)
    return natures["cashable_saving"] + natures["cost_avoidance"] + natures["income"]


def test_a_claim_that_no_year_holds_stands_beside_what_the_model_finds(tmp_path):
    result = result_of(tmp_path, "5.24,Far too much,900,GBP m,0.001,,not_derivable,edge_of_care\n")
    last = result.case.timeline.financial_years[result.case.shown_years - 1]
    [said] = reconciliation.claims(result)
    found = fmt.money(modelled(result, "edge_of_care")[last])
    assert said.endswith(f"the paper claims £900.000m a year; the model finds {found} in {last}.")
    assert said in repr(headlines.at_a_glance(result))


def test_a_claim_that_some_years_hold_says_which(tmp_path):
    probe = result_of(tmp_path / "probe", "1,x,1,GBP,1,,not_derivable,fostering\n")
    last = modelled(probe, "fostering").iloc[-1]
    result = result_of(tmp_path / "real", f"5.20,Twenty places,{last:.0f},GBP,1,,not_derivable,fostering\n")
    [said] = reconciliation.claims(result)
    assert f"the paper claims £{last:,.0f} a year; the model finds that in " in said


def test_a_scheme_that_does_not_act_has_no_claim_to_answer(tmp_path):
    rows = "5.24,Something,1,GBP m,0.001,,not_derivable,edge_of_care\n"
    result = result_of(tmp_path, rows, scenario="fostering-only")
    assert reconciliation.claims(result) == []


def test_a_claim_of_no_scheme_or_of_children_is_a_problem(tmp_path):
    rows = "1,a,1,GBP,1,,,edge_of_car\n2,b,1,children,1,,,fostering\n"
    with pytest.raises(InputProblems) as found:
        load_case(write_case(tmp_path, files={"published.csv": HEADING + rows}))
    said = str(found.value)
    assert "published.csv, row 2, column beside_scheme: found 'edge_of_car'" in said
    assert "did you mean edge_of_care?" in said
    assert "published.csv, row 3, column unit: found 'children', expected GBP, GBP k, GBP m" in said


def test_bury_says_what_its_published_scenario_finds_of_each_claim():
    result = run(load_case(BURY, "as-published"), draws=1, seed=1)
    fostering, edge = reconciliation.claims(result)
    assert "claims £0.417m a year; the model finds that in each year from 2023/24 on" in fostering
    assert "claims £0.506m and £1.238m a year; the model finds £961k in 2026/27" in edge


def test_the_reconcile_command_prints_the_claims_too(capsys):
    assert main(["reconcile", "bury-2022"]) == 0
    assert "Edge of care team: the paper claims £0.506m and £1.238m a year" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("est.sc_cass.cost", True),
        ("price.ifa_foster_weekly", True),
        ("8 + 11", True),
        ("30 * 365", True),
        ("", False),
        ("est.sc_cass.cost / 1000000", False),
        ("est.a.cost + est.b.cost", False),
        ("est.sum(Early Help)", False),
        ("ceil(3.2 * fostering.households)", False),
    ],
)
def test_what_only_repeats_the_print_is_transcribed(formula, expected):
    assert is_transcription(formula) is expected


def test_transcribed_rows_are_counted_apart_from_those_worked_out():
    case = load_case(BURY, "as-published")
    frame = reconciliation.judged(case, reconcile(case))
    copied = frame[frame["shown"] == "transcribed"]["ref"].tolist()
    assert sum(ref.startswith("10.3-line-") and "-fte-" not in ref for ref in copied) == 17
    assert "5.13-team-managers" in copied
    exact = int((frame["shown"] == "reconciles").sum())
    result = run(case, draws=1, seed=1)
    page = re.sub("<[^>]+>", "", reconciliation.published(result).html)
    assert f"{exact} recomputed exactly, {len(copied)} held against their own transcription alone" in page
    shown = [row[-1].text for row in reconciliation.reconciliation(case, result.reconciliation).rows]
    assert shown.count("= transcribed") == len(copied)

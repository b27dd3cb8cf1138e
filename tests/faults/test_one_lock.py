"""What `check` refuses is refused with the same words wherever a number can be put in an assumption's place."""

import json
from dataclasses import replace

import pytest

from model import load_case, report, run
from model.__main__ import main
from model.batch.jobs import plan
from model.case.assumptions import Assumptions
from model.case.reading.overrides import overridden
from model.case.reading.problems import InputProblems
from model.commands.jobs import jobs_for
from model.report.explorer import Explorer
from tests.cases import write_case

REFUSED = [
    ("edge_of_care.effect", 25, "a number from 0 to 1 in the unit share; write the share as a decimal: 0.25"),
    ("fostering.fill_rate", 70, "a number from 0 to 1 in the unit share; write the share as a decimal: 0.7"),
    ("fostering.fill_rate", -0.5, "a number from 0 to 1 in the unit share"),
    ("edge_of_care.fade_annual", -0.5, "0 or more, because it is a loss; a loss of 10% a year is 0.1"),
    ("price.residential_weekly", -1, "a number of 0 or more, because a price is never negative"),
    ("price.residential_weekly", 1e308, "a number no larger than 1,000,000,000,000"),
    ("edge_of_care.capacity_limited", 0.5, "a whole number from 0 to 1 in the unit switch"),
    ("fostering.fil_rate", 0.7, "the name of an assumption of the case; did you mean fostering.fill_rate?"),
]


def refusal(action):
    with pytest.raises(InputProblems) as caught:
        action()
    return str(caught.value)


@pytest.mark.parametrize(("name", "value", "words"), REFUSED)
def test_every_door_refuses_what_check_refuses(tmp_path, capsys, name, value, words):
    folder = write_case(tmp_path, scenarios={"tried": f'title = "T"\nwhy = "W"\n[overrides]\n"{name}" = {value}\n'})
    assert main(["check", str(folder)]) == 2
    assert words in capsys.readouterr().err
    assert main(["run", str(folder), "--scenario", "base", "--set", f"{name}={value}", "--outputs", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err
    assert main(["sweep", str(folder), "--grid", f"{name}={value}", "--out", str(tmp_path / "s.parquet")]) == 2
    assert words in capsys.readouterr().err
    case = load_case(folder, "base")
    assert words in refusal(lambda: load_case(folder, "base", overrides={name: value}))
    assert words in refusal(lambda: overridden(case, {name: value}))
    assert words in refusal(lambda: report.open_result(str(folder), "base", draws=1, seed=1, overrides={name: value}))
    if name in case.assumptions:
        explorer = Explorer(case=case, perimeter="whole", draws=2, seed=1)
        assert words in refusal(lambda: explorer.changed({name: value}))
        new = replace(case.assumptions[name], value=value, low=value, high=value, distribution="fixed")
        forced = replace(case, assumptions=Assumptions({**case.assumptions, name: new}))
        assert words in refusal(lambda: run(forced, draws=1))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("nan"), "expected a finite number"),
        ("40%", "found '40%', expected a number; write the share as a decimal: 0.4"),
        ("0.4", "expected a number; without quotation marks"),
        (True, "expected a number"),
    ],
)
def test_what_is_no_number_is_refused_in_one_sentence(tmp_path, value, words):
    case = load_case(write_case(tmp_path), "base")
    said = refusal(lambda: overridden(case, {"fostering.fill_rate": value}))
    assert said.startswith("overrides, key fostering.fill_rate: ")
    assert words in said
    assert InputProblems([said])._render_traceback_() == [said]


def test_an_override_is_what_a_scenario_with_it_is(tmp_path):
    words = 'title = "T"\nwhy = "W"\n[overrides]\n"price.ifa_foster_weekly" = 900\nschemes = ["fostering"]\n'
    folder = write_case(tmp_path, scenarios={"tried": words + '"conventions.weeks_per_year" = "52"\n'})
    wanted = {
        "price.ifa_foster_weekly": {"value": 900},
        "schemes": ["fostering"],
        "conventions.weeks_per_year": "52",
    }
    stated, laid = load_case(folder, "tried"), load_case(folder, "base", overrides=wanted)
    assert laid.conventions == stated.conventions
    assert laid.schemes == stated.schemes
    assert laid.assumptions["price.ifa_foster_weekly"].source == "set for this run"
    assert run(laid, draws=1).metrics.equals(run(stated, draws=1).metrics)
    assert laid.scenario_title.startswith("Base, with price.ifa_foster_weekly")


def test_what_was_set_for_a_run_is_recorded_and_the_next_run_without_it_is_another(tmp_path):
    folder, out = write_case(tmp_path), tmp_path / "outputs"
    plain = ["run", str(folder), "--scenario", "base", "--draws", "1", "--jobs", "1", "--outputs", str(out)]
    assert main([*plain, "--set", "price.ifa_foster_weekly=900", "--set", 'schemes = ["fostering"]']) == 0
    made = out / "exampleshire" / "base"
    found = json.loads((made / "provenance.json").read_text(encoding="utf-8"))
    assert found["assumptions"]["price.ifa_foster_weekly"]["value"] == 900
    assert found["schemes"] == ["fostering"]
    assert "--set price.ifa_foster_weekly=900 --set 'schemes=[\"fostering\"]'" in found["command"]
    assert "Base, with price.ifa_foster_weekly = 900" in (made / "report.html").read_text(encoding="utf-8")
    same = {"price.ifa_foster_weekly": 900, "schemes": ["fostering"]}
    expected = run(load_case(folder, "base", overrides=same), draws=1)
    written = json.loads((made / "metrics.json").read_text(encoding="utf-8"))
    assert written["whole"]["npv_gbp"]["central"] == pytest.approx(
        expected.metrics_by_perimeter["whole"]["npv_gbp"]["central"], abs=0.01
    )
    assert plan(jobs_for(folder, ["base"], out, draws=1, seed=1), force=False)
    assert not plan(jobs_for(folder, ["base"], out, draws=1, seed=1, overrides=same), force=False)


@pytest.mark.parametrize("text", ["fill_rate", "=1", "a="])
def test_a_setting_without_name_or_value_is_bad_usage(capsys, text):
    with pytest.raises(SystemExit) as stop:
        main(["run", "bury-2022", "--set", text])
    assert stop.value.code == 2
    assert "expected NAME=VALUE" in capsys.readouterr().err


def test_a_name_set_twice_is_refused(tmp_path, capsys):
    assert main(["run", str(write_case(tmp_path)), "--set", "a.b=1", "--set", "a.b=2"]) == 2
    assert "--set a.b: given twice" in capsys.readouterr().err

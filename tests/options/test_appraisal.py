"""A case's options from its file to `options.csv`, and what is refused."""

import pandas as pd
import pytest

from model import load_case
from model.__main__ import main
from model.case.reading.options_toml import read_options
from model.case.reading.problems import InputProblems
from model.options.appraisal import appraise
from model.options.scale import flows
from model.report.options import best_mix, limits_explorer, options_page
from tests.cases import write_case

OPTIONS = """\
statutory = ["improvement"]

[[factors]]
name = "Pays"
test = "NPV above zero"

[[options]]
name = "business_as_usual"
title = "Nothing new"
role = "business_as_usual"
kept = true
reason = "The measure of all others"

[[options]]
name = "one"
title = "The team alone"
role = "less"
kept = true
reason = "Pays"
scales = { edge_of_care = 1 }

[[options]]
name = "both"
title = "Both schemes"
role = "preferred"
kept = true
reason = "Pays"
scales = { fostering = 1.5, edge_of_care = 1 }
overrides = { fostering.fill_rate = 0.7 }

[[options]]
name = "dropped"
title = "Neither"
role = "other"
kept = false
reason = "Fails: it does not pay"

[[schemes]]
name = "fostering"
scales = [0, 1, 2]
step = 0.5
fixed_share = 0
source = "invented"

[[schemes]]
name = "edge_of_care"
scales = [0, 0.5, 1]
units = 4
unit = "workers"
fixed_share = 0.2
source = "invented"

[limits]
objective = "npv_gbp"
reserve_gbp = 400000
reserve_chance = 0.8
payback_by = "2030/31"
payback_chance = 0.4
source = "invented"

[[stages]]
scheme = "edge_of_care"
first = 0.5
then = [0, 0.5, 1]
decide = 2024-04-01
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("inputs"), files={"options.toml": OPTIONS})


@pytest.fixture(scope="module")
def found(folder):
    return appraise(load_case(folder), draws=100, seed=3)


def test_only_the_short_list_is_run_and_the_long_list_is_kept_with_its_reasons(found):
    assert list(found.flows) == ["business_as_usual", "one", "both"]
    rows = found.frame[found.frame["table"] == "long_list"]
    assert rows.set_index("item")["value"].to_dict() == {"business_as_usual": 1, "one": 1, "both": 1, "dropped": 0}
    assert "does not pay" in rows.set_index("item")["words"]["dropped"]


def test_an_override_changes_its_option_alone(found, folder):
    plain = appraise(load_case(folder, overrides={"fostering.fill_rate": 0.7}), draws=100, seed=3)
    assert plain.npv[2] == pytest.approx(found.npv[2])
    assert plain.npv[1] == pytest.approx(found.npv[1])


def test_chances_add_up_and_regret_is_least_for_the_best(found):
    table = found.short_list
    assert table["chance_best"].sum() == pytest.approx(1)
    best = table["npv_gbp"].idxmax()
    assert table["regret_gbp"].idxmin() == best
    every = found.information.iloc[-1]
    assert (every.learnt, every.value_gbp <= table["regret_gbp"][best] + 1) == ("everything", True)  # not chance


def test_a_mix_at_a_node_is_the_option_itself(found):
    mix = found.mixes.set_index(["fostering", "edge_of_care"]).loc[(0.0, 1.0)]
    assert mix["npv_gbp"] == pytest.approx(found.flows["one"].npv.mean(), rel=1e-4, abs=5)
    assert mix["cost_gbp"] == pytest.approx(found.flows["one"].cost.mean())


def test_the_best_mix_is_run_once_more_by_the_model_itself(found):
    scales = {name: found.best[name] for name in ("fostering", "edge_of_care")}
    own = flows(found.case, scales, found.drawn, found.file.scalable).npv.mean()
    assert found.best_run_npv == pytest.approx(own)
    node = scales["fostering"] in {0, 1, 2} and scales["edge_of_care"] in {0, 0.5, 1}
    assert not node or own == pytest.approx(found.best["npv_gbp"], rel=1e-4, abs=5)


def test_statutory_spending_is_in_no_comparison(found):
    assert found.statutory_npv < 0
    assert found.npv[0].max() == 0


def test_others_gain_is_off_by_default_and_never_in_the_councils_figures(found, tmp_path):
    assert found.others == {}
    asked = OPTIONS.replace('statutory = ["improvement"]', 'statutory = ["improvement"]\nsocial_value = true')
    folder = write_case(tmp_path, files={"options.toml": asked})
    header = "payer,gain,per,events,unit_cost_gbp,price_base,source,quality\n"
    row = "courts,A hearing,child_year,1,1000,2022/23,invented,red\n"
    (folder.parent / "reference" / "social_value.csv").write_text(header + row)
    with_others = appraise(load_case(folder), draws=100, seed=3)
    assert with_others.others["one"][0].worth > 0
    assert with_others.npv[1] == pytest.approx(found.npv[1])


def test_the_command_writes_the_same_bytes_again(folder, tmp_path, capsys):
    for name in ("a", "b"):
        assert main(["options", str(folder), "--draws", "40", "--outputs", str(tmp_path / name)]) == 0
    one, two = ((tmp_path / n / "exampleshire" / "options") for n in ("a", "b"))
    for file in ("options.csv", "mixes.csv", "options.html"):
        assert (one / file).read_bytes() == (two / file).read_bytes()
    frame = pd.read_csv(one / "options.csv")
    assert set(frame.columns) == {"table", "item", "measure", "value", "words"}
    assert "best mix" in capsys.readouterr().out


def test_the_page_says_which_how_much_and_whether_to_wait(found):
    page = repr(options_page(found))
    for said in ("Worth most on average", "The best mix within the limits", "Fails: it does not pay",
                 "more of reserve", "than deciding today for", "Every option but doing nothing"):  # fmt: skip
        assert said in page
    assert "nan" not in page.lower().split()
    assert best_mix(found, {"reserve_gbp": 0.0, "payback_chance": None}).rows[0][1].text.count("none") == 2


def test_sliders_begin_at_the_limits_and_the_best_mix_follows(found):
    pytest.importorskip("anywidget")
    made = limits_explorer(found)
    assert made.rows[0]["value"] == min(400_000, found.mixes["peak_gbp"].max())
    before = made.page
    for asked in ({"kind": "slide", "value": 0}, {"kind": "type", "text": "£0"}):
        made._handle_custom_msg({"name": "reserve_gbp", **asked}, [])
        wanted = {**dict.fromkeys(found.limits), "reserve_gbp": 0.0, "payback_chance": 0.4}
        assert made.page == best_mix(found, wanted).html
    made._handle_custom_msg({"name": "reserve_gbp", "kind": "type", "text": "nothing"}, [])
    assert "Type a number" in made.said
    made._handle_custom_msg({"name": "", "kind": "reset"}, [])
    assert made.page == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("scales = { edge_of_care = 1 }", "scales = { edge_of_car = 1 }", "did you mean edge_of_care"),
        ("scales = { edge_of_care = 1 }", "scales = { edge_of_care = 3 }", "up to the largest"),
        ("scales = { edge_of_care = 1 }", "scales = { improvement = 1 }", "not statutory"),
        ('name = "fostering"\nscales', 'name = "associated"\nscales', "no limit"),
        ("scales = [0, 1, 2]", "scales = [1, 2]", "from nought upwards"),
        ("units = 4", "units = 4\nstep = 1", "either units"),
        ('role = "business_as_usual"', 'role = "other"', "that is kept"),
        ('payback_by = "2030/31"', 'payback_by = "2050/51"', "a financial year of the projection"),
        ("then = [0, 0.5, 1]", "then = [0.2]", "not made smaller"),
        ("decide = 2024-04-01", "decide = 2022-04-01", "after the scheme's start"),
        ("fostering.fill_rate = 0.7", "fostering.fil_rate = 0.7", "fill_rate"),
        ('statutory = ["improvement"]', 'statutory = ["improvment"]', "did you mean improvement"),
        ("fixed_share = 0.2", "fixed_share = 2", "from 0 to 1"),
        ("kept = false", 'kept = "no"', "true or false"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(tmp_path, old, new, said):
    assert old in OPTIONS
    case = load_case(write_case(tmp_path, files={"options.toml": OPTIONS.replace(old, new, 1)}))
    with pytest.raises(InputProblems) as caught:
        read_options(case)
    assert said in str(caught.value)
    assert "options.toml" in str(caught.value)


def test_a_case_without_options_says_which_file_is_missing(tmp_path):
    with pytest.raises(InputProblems, match=r"options\.toml"):
        read_options(load_case(write_case(tmp_path)))

"""Every notebook runs from top to bottom on a case that is not Bury's, and says what the engine says."""

import html
import re
from pathlib import Path

import nbformat
import pytest

from model import load_case, run
from model.batch.jobs import Job, run_jobs, summary
from model.case.reading.load import scenario_names
from model.report import headlines
from model.report.look import format as fmt
from model.results import DRAWS as DRAWS_OF_REPORTS
from model.results import SEED as SEED_OF_REPORTS
from tests.cases import write_case

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
DRAWS, SEED = 20, 3


def parameters(path, case):
    """What a scheduler gives a notebook: the case, and few draws where it takes any."""
    cells = nbformat.read(path, as_version=4).cells
    declared = next(c.source for c in cells if "parameters" in c.metadata.get("tags", []))
    given = {
        "case": str(case),
        "draws": DRAWS,
        "seed": SEED,
        "index_draws": 8,
    }
    return {name: value for name, value in given.items() if re.search(rf"^{name}: ", declared, re.MULTILINE)}


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("notebooks"))


@pytest.fixture(scope="module")
def executed(case):
    """The words of each executed notebook's outputs, by its number."""
    out = case.parents[1] / "outputs"
    jobs = [
        Job(case="c", scenario=path.stem, folder=out / "c" / path.stem, made_from={"x": "1"}, notebook=path,
            parameters=parameters(path, case))
        for path in NOTEBOOKS
    ]  # fmt: skip
    results = run_jobs(jobs, outputs=out, workers=2)
    failed = [job.scenario for job, r in zip(jobs, results, strict=True) if r.status != "made"]
    assert failed == ["08_options", "92_outturn"], summary(results)
    assert "none is frozen" in summary(results)  # this case has no plan and no options: refused in a sentence each
    jobs = [job for job in jobs if job.scenario not in failed]
    found = {}
    for job in jobs:
        cells = nbformat.read(job.folder / f"{job.name}.ipynb", as_version=4).cells
        shown = [o.data for c in cells if c.cell_type == "code" for o in c.outputs if "data" in o]
        pages = ["".join(data.get("text/html", data.get("text/markdown", ""))) for data in shown]
        plain = re.sub(r"<[^>]*>", "|", "".join(re.sub(r"(?s)<svg.*?</svg>", "", p) for p in pages))
        found[job.scenario[:2]] = html.unescape(plain)
    return found


@pytest.fixture(scope="module")
def result(case):
    return run(load_case(case, scenario="base"), draws=DRAWS, seed=SEED)


@pytest.mark.slow
def test_no_notebook_shows_nothing_or_a_missing_number(executed):
    assert len(executed) == len(NOTEBOOKS) - 2  # without options, and the outturn without a plan
    for number, words in executed.items():
        assert len(words) > 300, number
        assert not re.search(r"\bnan\b|\bNone\b|\binf\b", words), number


@pytest.mark.slow
@pytest.mark.parametrize("number", ["90"])
def test_headlines_are_the_engines_figures(executed, result, number):
    npv = result.metrics_by_perimeter["whole"]["npv_gbp"]
    for statistic in ("central", "mean"):
        assert fmt.money(npv[statistic]) in executed[number]


@pytest.mark.slow
def test_the_caseload_notebook_says_how_many_children_there_would_be(executed, result):
    frame = result.caseload
    kept = frame[(frame.world == "do_nothing") & (frame.measure == "stock") & (frame.statistic == "central")
                 & (frame.age_band == "all") & (frame.placement == "all")].set_index("month")["children"]  # fmt: skip
    later = str(kept.index[12 * result.case.shown_years])
    said = (
        f"{fmt.decimal(kept.iloc[0])} children are in care at the start; if nothing is done, {fmt.decimal(kept[later])}"
    )
    assert f"{said} by {fmt.month(later)}" in executed["02"]


@pytest.mark.slow
def test_the_comparison_holds_every_scenario(executed, case):
    for name in scenario_names(case):
        assert load_case(case, scenario=name).scenario_title in executed["91"]


@pytest.mark.slow
def test_the_first_notebook_says_what_the_reports_say(executed, case):
    result = run(load_case(case, scenario="base"), draws=DRAWS_OF_REPORTS, seed=SEED_OF_REPORTS)
    for words in headlines.answer(result):
        assert words in executed["00"]


@pytest.mark.slow
def test_what_if_says_what_the_assumption_is_before_and_after(executed, result):
    most = next(bar.assumption for bar in result.tornado.itertuples() if bar.perimeter == "invest_to_save")
    found = result.case.assumptions[most]
    assert f"{fmt.quantity(found.value, found.unit)} (from {fmt.quantity(found.low, found.unit)}" in executed["03"]
    assert "and certain after" in executed["03"]
    assert fmt.money(result.metrics_by_perimeter["invest_to_save"]["npv_gbp"]["mean"]) in executed["03"]


def test_the_notebooks_on_one_subject_speak_of_no_one_case():
    for path in [p for p in NOTEBOOKS if p.name[:2] in {"02", "03", "06"}]:
        words = " ".join(
            cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"
        )
        assert not re.search(r"\b20\d\d\b|[Tt]he paper|Bury", words), path.name

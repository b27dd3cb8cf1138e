"""The first page as a page of its own: one side of A4 that stands alone, beside every report."""

from model.batch.origins import commit
from model.report.headlines import at_a_glance
from model.report.look import format as fmt
from model.report.look.page import Page, render
from model.results.runs import Result


def summary_html(result: Result) -> str:
    """Return `summary.html`: the first page of the report, with its date, version and status."""
    case = result.case
    head, dirty = commit()
    version = f"version {head[:8]}{', changed since' if dirty else ''}" if "unknown" not in head else "version unknown"
    page = Page(
        title=f"{case.title}: {case.scenario_title}",
        kicker=f"{case.council}. Draft for review, not signed off",
        about=f"{case.scenario_why} As known on {fmt.day(case.knowledge_date)}; {version}; "
        f"{fmt.counted(result.draws, 'run')}, seed {result.seed}.",
        footer="The whole report, with every assumption and its source, is report.html beside this page.",
        kind="one-page",
        files={"report.html": "The whole report", "../index.html": "All scenarios"},
    )
    return render(page, at_a_glance(result).html)

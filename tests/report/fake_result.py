# ruff: noqa: E501 - tables of made-up rows read best one to a line
"""A small result made by hand, with every frame a page reads: for tests of pages, not of the model.

Its lines are simple ramps times fixed draws, so that every number on a page can be recomputed beside it.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from model.case.assumptions import Assumption
from model.case.records import Case, Conventions, FundingPlan, SchemeSpec
from model.case.reference import PriceIndex, Reference
from model.case.rows import BudgetLine, CaseloadRow, Post, PublishedRow
from model.case.timeline import Timeline
from model.report.export import body_of
from model.report.look.page import Page, render
from model.risk.break_even import Payers

HOSTILE = (
    "<script>document.title='owned'</script> \"quoted\" 'single' & <img src=x onerror=alert(1)> "
    "\u202eright to left\u202c שלום 👩‍👩‍👧 \x07 </td></table> " + "long " * 2000
)
TIMELINE = Timeline(start=date(2022, 4, 1), months=120)
STATISTICS = ("central", "mean", "p05", "p10", "p25", "p50", "p75", "p90", "p95")


def assumption(name, value, unit, **more):
    """An assumption with everything filled in."""
    fields = {
        "low": value * 0.8, "high": value * 1.2, "distribution": "uniform", "price_base": "2022/23" if "GBP" in unit else "",
        "source": "003 para 5.19", "as_at": date(2022, 7, 13), "quality": "amber", "impact": "red",
        "owner": "Finance business partner", "note": "", "label": name, "value_as_stated": value,
    }  # fmt: skip
    return Assumption(name=name, value=value, unit=unit, **(fields | more))


ASSUMPTIONS = [
    assumption("price.in_house_foster_weekly", 350.0, "GBP/week"),
    assumption(
        "price.ifa_foster_weekly", 815.0, "GBP/week", quality="green", source="https://example.org/prices?a=1&b=2"
    ),
    assumption("price.residential_weekly", 4000.0, "GBP/week", quality="red"),
    assumption("fostering.households", 10.0, "households"),
    assumption("fostering.fill_rate", 0.62, "share", note=HOSTILE),
    assumption("edge_of_care.effect", 0.2, "share", quality="red", source='evidence "pack", <b>row 7</b>'),
    assumption("edge_of_care.ramp_months", 12.0, "months", impact="green"),
    assumption("caseload.entries_multiplier", 1.0, "ratio"),
    assumption("growth.pay_real_annual", 0.0, "rate/year", low=-0.02, high=0.02),
    assumption("reserve.opening", 2_000_000.0, "GBP", quality="red"),
    assumption("agency.whole_cost", 0.0, "switch", low=0.0, high=0.0, distribution="fixed"),
]


def fake_case(scenario="base", **more):
    """A case of three schemes."""
    schemes = (
        SchemeSpec(name="fostering", title="In-house fostering growth", kind="fostering_growth", start=date(2023, 1, 1),
                   source="003 para 5.16"),
        SchemeSpec(name="edge_of_care", title="Edge of care team", kind="entry_reduction", start=date(2023, 1, 1),
                   source="003 para 5.23"),
        SchemeSpec(name="improvement", title="Improvement posts", kind="establishment", start=date(2022, 10, 1)),
    )  # fmt: skip
    post = {"grade": "G10", "start": None, "included_in": "", "included_when": "", "funding": "general_fund",
            "basis": "year", "already_filled_months": "", "recruited": True, "service_line": "", "note": ""}  # fmt: skip
    fields = {
        "folder": Path("inputs/fake-2022"), "name": "fake-2022", "title": "A made-up case", "council": "Fake Council",
        "timeline": TIMELINE, "shown_years": 5, "price_base": "2022/23", "knowledge_date": date(2022, 7, 13),
        "published_scenario": "as-published", "base_scenario": "base", "scenario": scenario,
        "scenario_theme": "A theme", "scenario_title": f"The {scenario} scenario", "scenario_why": "The best evidence there is.", "overrides": {},
        "conventions": Conventions(weeks_per_year=365 / 7, discount_rate_annual=0.035,
                                   discount_rate_name="green_book_standard", price_index="planning"),
        "assumptions": {a.name: a for a in ASSUMPTIONS}, "schemes": schemes,
        "perimeters": {"invest_to_save": ("fostering", "edge_of_care")},
        "establishment": (
            Post(id="fostering_team", team="Fostering", post="Team", fte_current=21.0, fte_proposed=23.0,
                 printed_gbp=128_073.0, charged_to="fostering", source="003 table 10.3", **post),
            Post(id="edge_team", team="Safeguarding", post="Team", fte_current=0.0, fte_proposed=7.0,
                 printed_gbp=307_870.0, charged_to="edge_of_care", source="003 para 5.23", **post),
            Post(id="improvement", team="Improvement", post="Posts", fte_current=100.0, fte_proposed=140.0,
                 printed_gbp=2_000_000.0, charged_to="improvement", source="003 table 10.3", **post),
        ),
        "caseload": (CaseloadRow(age_band="10_15", placement="ifa_foster", stream="general", children=60.0,
                                 entries_annual=12.0, exits_annual=10.0, source="DfE 2022"),),
        "approved_budget": (BudgetLine(line="IFA foster placements", financial_year="2022/23", value_gbp=5e6, source="Budget"),),
        "published": (PublishedRow(ref="5.20", statement="saving of twenty places", value=0.417, unit="GBP m",
                                   precision=0.001, formula="1+1", expected="reconciles"),),
        "actuals": (), "correlations": (),
        "funding": FundingPlan(reserve_name="Children's reserve", reserve_until=date(2023, 3, 31)),
        "reference": Reference(indices={"planning": PriceIndex(name="planning", level={"2022/23": 1.0}, later_annual=0.02,
                                                               source="s")}, discount_rates={}),
    }  # fmt: skip
    return Case(**(fields | more))


LINES = {
    "fostering": [("Staff", "investment", -128_000.0), ("IFA foster placements", "cashable_saving", 300_000.0),
                  ("In-house foster placements", "cashable_saving", -120_000.0)],
    "edge_of_care": [("Staff", "investment", -300_000.0), ("Residential placements", "cost_avoidance", 500_000.0)],
    "improvement": [("Staff", "investment", -2_000_000.0)],
    "interaction": [("interaction", "cost_avoidance", -10_000.0)],
}  # fmt: skip


def members(perimeter):
    """The schemes inside a perimeter."""
    both = ["fostering", "edge_of_care", "interaction"]
    return {"invest_to_save": both, "whole": [*both, "improvement"]}.get(perimeter, [perimeter])


def statistics(central, draws):
    """Statistic -> value over the last axis."""
    out = {"central": central, "mean": draws.mean(axis=-1)}
    return out | {s: np.quantile(draws, int(s[1:]) / 100, axis=-1) for s in STATISTICS[2:]}


@dataclass
class FakeResult:
    """What `model.results.Result` offers, made without the model."""

    case: Case
    draws: int = 400
    seed: int = 1
    annual: pd.DataFrame = field(init=False)

    def __post_init__(self):
        """Make every frame."""
        rng = np.random.default_rng(5)
        self._luck = rng.normal(1, 0.35, self.draws)
        self._perimeters = ["fostering", "edge_of_care", "improvement", "invest_to_save", "whole"]
        ramp = np.clip((np.arange(10) + 0.0) / 2, 0.2, 1)
        self.annual = self._annual(ramp)
        self.monthly = self._monthly(np.repeat(ramp, 12) / 12)
        self.caseload, self.funding, self.mtfp = self._caseload(), self._funding(), self._mtfp()
        self.metrics = self._metrics()
        switching = pd.DataFrame(
            [("fostering.fill_rate", "share", 0.62, 0.5, 0.75, 0.55, True), ("price.ifa_foster_weekly", "GBP/week", 815.0,
             652.0, 978.0, 640.0, False), ("edge_of_care.effect", "share", 0.2, 0.16, 0.24, np.nan, False)],
            columns=["assumption", "unit", "central", "low", "high", "switching_value", "within_range"])  # fmt: skip
        self.switching_by_perimeter = pd.concat([switching.assign(perimeter=p) for p in ("invest_to_save", "whole")])
        self.reconciliation = pd.DataFrame(
            [("5.20", "Saving of twenty places", 0.417, 0.417143, 0.000143, "reconciles"), ("10.3", "Total, £", 2632527.0,
             2632526.0, -1.0, "rounding"), ("5.21", "Break-even children", 6.0, 6.14, 0.14, "differs"),
             ("5.24", "Edge of care, lower", 0.506, np.nan, np.nan, "not_derivable")],
            columns=["ref", "statement", "published", "recomputed", "difference", "verdict"])  # fmt: skip
        self.reconciliation["expected"] = self.reconciliation["verdict"]
        self.payers = Payers(entries_share=0.2, annual_gbp=1e5)
        self.structure = pd.DataFrame(
            [(p, m, "central", v, words) for p in ("fostering", "edge_of_care", "invest_to_save", "whole")
             for m, sign in (("npv", 1), ("npv_cashable", -1))
             for v, words in ((sign * 1e6, "are counted"), (-1e5, "are not"))],
            columns=["perimeter", "measure", "statistic", "value_gbp", "children"])  # fmt: skip
        self.tornado = pd.DataFrame(
            [("invest_to_save", "fostering.fill_rate", "share", 0.55, 0.7, -1e5, 4e5, 2e5, 5e5)],
            columns=["perimeter", "assumption", "unit", "p10", "p90", "npv_at_p10_gbp", "npv_at_p90_gbp",
                     "npv_central_gbp", "swing_gbp"])  # fmt: skip
        self.information = pd.DataFrame(
            [("fostering.fill_rate", "fostering.fill_rate", 2e4), ("everything", "", 5e4)],
            columns=["learnt", "assumptions", "value_gbp"])  # fmt: skip
        self.virement = pd.DataFrame(columns=["service_line", "purse", "financial_year", "cost_gbp"])
        self.staffing = pd.DataFrame([("2022-04", "fte_in_post", "central", 0.0), ("2023-03", "fte_in_post", "central", 40.0)],
                                     columns=["month", "measure", "statistic", "value"])  # fmt: skip

    def _draws_of(self, value, nature):
        return np.full(self.draws, value) if nature == "investment" else value * self._luck

    def _annual(self, ramp):
        rows = []
        for perimeter in self._perimeters:
            for basis, factor in (("real", np.ones(10)), ("nominal", 1.02 ** np.arange(10))):
                net, drawn = np.zeros(10), np.zeros((10, self.draws))
                for scheme in members(perimeter):
                    for line, nature, value in LINES[scheme]:
                        central = np.round(value * ramp * factor, 2)
                        draws = np.outer(ramp * factor, self._draws_of(value, nature))
                        net, drawn = net + central, drawn + draws
                        rows += self._rows(
                            perimeter, scheme, line, nature, "recurring", basis, statistics(central, draws)
                        )
                rows += self._rows(perimeter, "portfolio", "net", "net", "net", basis, statistics(net, drawn))
        columns = ["scenario", "perimeter", "scheme", "line", "nature", "recurrence", "price_basis", "financial_year",
                   "statistic", "value_gbp"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def _rows(self, *labels_and_statistics):
        *labels, values = labels_and_statistics
        return [
            (self.case.scenario, *labels, year, statistic, round(float(v), 2))
            for statistic, found in values.items()
            for year, v in zip(TIMELINE.financial_years, found, strict=True)
        ]

    def _nets(self, perimeter, ramp):
        lines = [x for scheme in members(perimeter) for x in LINES[scheme]]
        central = sum(v for _, _, v in lines) * ramp
        return central, sum(np.outer(ramp, self._draws_of(v, n)) for _, n, v in lines)

    def _monthly(self, ramp):
        parts = []
        for perimeter in self._perimeters:
            central, draws = self._nets(perimeter, ramp)
            flow, total = statistics(central, draws), statistics(central.cumsum(), draws.cumsum(axis=0))
            parts += [pd.DataFrame({"perimeter": perimeter, "price_basis": "real", "month": list(TIMELINE.month_labels),
                                    "statistic": s, "net_gbp": flow[s], "cumulative_gbp": total[s]}) for s in flow]  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    @property
    def npv_draws(self):
        """NPV of every draw."""
        ramp = np.repeat(np.clip(np.arange(10) / 2, 0.2, 1), 12) / 12
        factor = 1.035**-TIMELINE.mid_month_years
        return {p: factor @ self._nets(p, ramp)[1] for p in self._perimeters}

    def _metrics(self):
        rows, ramp = [], np.repeat(np.clip(np.arange(10) / 2, 0.2, 1), 12) / 12
        factor = 1.035**-TIMELINE.mid_month_years
        for perimeter, draws in self.npv_draws.items():
            central = float(factor @ self._nets(perimeter, ramp)[0])
            stats = statistics(central, draws)
            rows += [(perimeter, "npv_gbp", s, float(v)) for s, v in stats.items()]
            rows += [(perimeter, "npv_cashable_gbp", s, float(v) - 1e6) for s, v in stats.items()]
            paid = 40.0 if central > 0 else np.nan
            rows += [(perimeter, m, "central", paid) for m in ("payback_months", "discounted_payback_months")]
            rows += [(perimeter, "bcr", s, 1 + float(v) / 3e6) for s, v in stats.items()]
            rows += [(perimeter, "peak_funding_gbp", s, 400_000.0) for s in stats]
            rows += [(perimeter, "pv_investment_gbp", s, 3e6) for s in stats]
            rows += [(perimeter, "probability_npv_positive", "mean", float((draws > 0).mean()))]
            rows += [(perimeter, "probability_payback", "mean", float((draws > 0).mean()))]
            rows += [(perimeter, "probability_npv_cashable_positive", "mean", 0.0)]
            rows += [(perimeter, "payback_cashable_months", "central", np.nan)]
            rows += [(perimeter, f"probability_payback_by_{y.replace('/', '_')}", "mean", min(1.0, i / 12))
                     for i, y in enumerate(TIMELINE.financial_years)]  # fmt: skip
            rows += [(perimeter, "npv_standard_error_gbp", "mean", float(draws.std() / self.draws**0.5))]
            rows += [(perimeter, "expected_shortfall_10_gbp", "mean", float(np.sort(draws)[: self.draws // 10].mean()))]
        return pd.DataFrame(rows, columns=["perimeter", "metric", "statistic", "value"])

    def _caseload(self):
        months, rows = ["2022-03", *TIMELINE.month_labels], []
        path = np.linspace(0, 12, 121)
        start = {"ifa_foster": 90.0, "in_house_foster": 110.0, "residential": 40.0, "all": 359.0}
        change = {"ifa_foster": -path, "in_house_foster": path, "residential": -path / 4, "all": -path / 4}
        for placement, opening in start.items():
            flat = np.full(121, opening)
            worlds = {"do_nothing": flat, "with_schemes": flat + change[placement], "impact": change[placement]}
            for world, values in worlds.items():
                found = statistics(values, np.outer(values, self._luck))
                rows += [(self.case.scenario, world, "all", placement, "stock", m, s, float(v))
                         for s in found for m, v in zip(months, found[s], strict=True)]  # fmt: skip
        columns = ["scenario", "world", "age_band", "placement", "measure", "month", "statistic", "children"]
        return pd.DataFrame(rows, columns=columns)

    def _funding(self):
        purses = {"base_budget": -1e6, "reserve_funded": -2e5, "grant_or_partner_funded": 0.0, "one_off": -5e4,
                  "cost_avoidance": 4e5, "net": -8.5e5}  # fmt: skip
        items = {
            "opening": 2e6,
            "commitments": 1e5,
            "implementation": 2e5,
            "shortfall": 0.0,
            "closing": 1.7e6,
            "before_top_up": 1.7e6,
        }
        rows = [
            (self.case.scenario, group, item, y, s, v)
            for group, found in (("purse", purses), ("reserve", items))
            for item, v in found.items()
            for y in TIMELINE.financial_years
            for s in STATISTICS
        ]
        return pd.DataFrame(rows, columns=["scenario", "group", "item", "financial_year", "statistic", "value_gbp"])

    def _mtfp(self):
        lines = [("pressure", "Staff", 5e5), ("saving", "IFA foster placements", -1e5), ("total", "total", 4e5),
                 ("memorandum", "Cost avoidance, in no budget", -2e5)]  # fmt: skip
        rows = [
            (self.case.scenario, kind, line, entry, y, s, v)
            for kind, line, v in lines
            for entry in ("change", "cumulative")
            for y in TIMELINE.financial_years
            for s in STATISTICS
        ]
        columns = ["scenario", "kind", "line", "entry", "financial_year", "statistic", "value_gbp"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def metrics_by_perimeter(self):
        """Perimeter -> metric -> statistic -> value, as `metrics.json`."""
        out = {}
        for p, m, s, v in self.metrics.itertuples(index=False):
            out.setdefault(p, {}).setdefault(m, {})[s] = None if np.isnan(v) else float(v)
        return out


def fake_result(scenario="base", **more):
    """A result of the made-up case."""
    return FakeResult(fake_case(scenario, **more))


def exported(node, path, title, **about):
    """Write an executed notebook as a page, as a run does."""
    path.write_text(render(Page(title=title, **about), body_of(node)), encoding="utf-8")

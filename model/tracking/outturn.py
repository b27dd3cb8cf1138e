"""One plan held against what happened: every table of `outputs/<case>/outturn/`, each a tidy frame."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from model.batch.disk import write_whole
from model.case import measures as m
from model.case.draws import central, thinned, tile
from model.case.reading.problems import InputProblems
from model.case.records import Actual
from model.case.units import above_zero
from model.case.words import SMALLEST_PUBLISHED
from model.money.portfolio import evaluate
from model.results.annual import tidy_frame
from model.results.files import write_csv
from model.tracking import charts, learning, plans
from model.tracking.bridge import bridge
from model.tracking.counted import as_counted
from model.tracking.evidence import REPLAYS, dispersion, evidence, standing
from model.tracking.measured import FLOWS, is_modelled, measured, reads
from model.tracking.promises import money_of, worth

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from model.case.records import Benefit, Case
    from model.tracking.counted import Counted
    from model.tracking.evidence import Evidence
    from model.tracking.learning import Learnt
    from model.tracking.measured import Modelled
    from model.tracking.neighbours import Comparison

    Floats = NDArray[np.float64]

FEW: Final = 128  # draws on which the bridge and what is earned are worked out
FRAMES: Final = (
    "figures",
    "earned",
    "bridge",
    "parts",
    "assumptions",
    "forecast",
    "chain",
    "power",
    "charts",
    "versions",
)
EIGHTY: Final = (0.1, 0.5, 0.9)
AS_PROMISED, SHORT, AHEAD = "as promised", "short of the promise", "better than promised"


@dataclass(frozen=True, kw_only=True)
class Outturn:
    """A plan and what came of it. `case`: as it now stands, with its actuals; `neighbours`: where tables were given."""

    plan: plans.Plan
    case: Case
    neighbours: Comparison | None = None

    @cached_property
    def evidence(self) -> Evidence:
        """What the model can be held against."""
        return evidence(self.plan.case, self.case.actuals)

    @cached_property
    def learnt(self) -> Learnt:
        """What the evidence makes of the plan's stored draws."""
        return learning.learn(self.evidence, self.plan.draws, seed=self.plan.seed)

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Every actual, what superseded it, and what was promised of it; counts from one to five are not shown."""
        latest = {id(a) for a in standing(self.case.actuals)}
        promised = self._promised_of
        return tidy_frame(
            ("measure", "scope", "period", "value", "unit", "status", "as_at", "standing", "p10", "p50", "p90",
             "source"),
            [
                {"measure": a.measure, "scope": a.scope, "period": a.period, "value": shown(a), "unit": a.unit,
                 "status": a.status, "as_at": a.as_at.isoformat() if a.as_at else "", "standing": id(a) in latest,
                 **dict(zip(("p10", "p50", "p90"), promised.get((a.period, a.name), [np.nan] * 3), strict=True)),
                 "source": a.source}
                for a in self.case.actuals
            ],
        )  # fmt: skip

    @cached_property
    def _promised_of(self) -> dict[tuple[str, str], list[float]]:
        """Return (period, name) -> the promised 10th, 50th and 90th percentile of the figure, chance included."""
        world, rng = self.evidence.world(self.plan.draws, as_planned=True), np.random.default_rng(self.plan.seed)
        found = {}
        for o in self.evidence.observations:
            expected = o.modelled(world[o.actual.name])
            noise = np.sqrt(o.variance(expected)) * rng.standard_normal(expected.shape)
            found[o.actual.period, o.actual.name] = [round(float(q), 6) for q in np.quantile(expected + noise, EIGHTY)]
        return found

    @cached_property
    def bridge(self) -> pd.DataFrame:
        """From plan to outturn, cause by cause."""
        return bridge(self.evidence, self.learnt, self.counted, self.plan.perimeter)

    @cached_property
    def counted(self) -> Counted:
        """Some of the draws that were learnt, with what was counted in them."""
        return as_counted(self.evidence, thinned(self.learnt.draws, FEW), self.plan.seed)

    @cached_property
    def parts(self) -> pd.DataFrame:
        """Of each scheme whose work was counted the part of its promise that is shown: 1 = as promised, 0 = nothing."""
        rows = [
            {"scheme": scheme, **{f"p{q:.0%}"[:-1]: round(float(np.quantile(part, q)), 3) for q in EIGHTY},
             "short": bool(np.quantile(part, EIGHTY[-1]) < 1)}
            for scheme, part in self.counted.parts.items()
        ]  # fmt: skip
        return tidy_frame(("scheme", "p10", "p50", "p90", "short"), rows)

    @cached_property
    def earned(self) -> pd.DataFrame:
        """What was promised to date and what has come of it by nature, cash: nature, state, p10, p50, p90, mean."""
        rows = []
        for state, draws in (("promised", self.plan.draws), ("now", self.learnt.draws)):
            world = self.evidence.world(thinned(draws, FEW), as_planned=state == "promised")
            for name in money_of(self.plan.perimeter):
                amount = (world[name] * world.level).sum(axis=0)
                low, middle, high = np.quantile(amount, EIGHTY).round(2)
                rows.append({"nature": name.partition(".")[0], "state": state, "p10_gbp": low, "p50_gbp": middle,
                             "p90_gbp": high, "mean_gbp": round(float(amount.mean()), 2)})  # fmt: skip
        return tidy_frame(("nature", "state", "mean_gbp", "p10_gbp", "p50_gbp", "p90_gbp"), rows)

    @cached_property
    def assumptions(self) -> pd.DataFrame:
        """Each uncertain assumption before and after: 10th, 50th and 90th percentile, and whether it was learnt of."""
        rows, told = [], set(self.learnt.learnt)
        for name in self.learnt.places:
            before, after = self.plan.draws[name], self.learnt.draws[name]
            a = self.plan.case.assumptions[name]
            middle = float(np.median(after))
            rows.append({
                "assumption": name, "unit": a.unit,
                **{f"prior_p{q:.0%}"[:-1]: round(float(np.quantile(before, q)), 6) for q in EIGHTY},
                **{f"now_p{q:.0%}"[:-1]: round(float(np.quantile(after, q)), 6) for q in EIGHTY},
                "learnt": name in told,
                "beyond": name in told and bool(middle < before.min() or middle > before.max()),
            })  # fmt: skip
        return tidy_frame(tuple(rows[0]) if rows else ("assumption",), rows)

    @cached_property
    def forecast(self) -> pd.DataFrame:
        """The NPV and the chance of payback then and now, and what the frozen triggers say."""
        plan, learnt = self.plan, self.learnt
        then = plan.stored[plans.NET_PRESENT_VALUE], plan.stored[plans.PAID_BACK]
        if learnt.kept is not None:
            now = then[0][learnt.kept], then[1][learnt.kept]
        else:
            now = worth(plan.case, learnt.draws, plan.perimeter)
        rows = [
            {"state": state, "mean_gbp": round(float(npv.mean())), "p10_gbp": round(float(np.quantile(npv, 0.1))),
             "p90_gbp": round(float(np.quantile(npv, 0.9))), "probability_npv_positive": float(above_zero(npv).mean()),
             "probability_payback": float(paid.mean()),
             "decision": learning.decision(float(above_zero(npv).mean()), plan.change_below, plan.stop_below),
             "effective_draws": round(learnt.effective, 1) if state == "now" else float(plan.n),
             "drawn_again": state == "now" and learnt.kept is None}
            for state, (npv, paid) in (("then", then), ("now", now))
        ]  # fmt: skip
        return tidy_frame(tuple(rows[0]), rows)

    @cached_property
    def chain(self) -> pd.DataFrame:
        """Each scheme's links in causal order: the latest figure of each against what was promised of it."""
        rows: list[dict[str, object]] = [dict.fromkeys(("scheme", "position", "link", "period", "state"), ())]
        latest = {o.actual.name: o.actual for o in self.evidence.observations}
        for spec in self.plan.case.active_schemes:
            own = [f"{spec.name}.{name}" for name in (m.POSTS, *m.OF_KIND.get(spec.kind, {}))]
            links = [*own, *(b.measure for b in self.plan.case.benefits if b.scheme == spec.name)]
            for position, link in enumerate(dict.fromkeys(links)):
                if link in latest:
                    a = latest[link]
                    rows.append({"scheme": spec.name, "position": position, "link": link, "period": a.period,
                                 "state": self._state(a)})  # fmt: skip
        return tidy_frame(("scheme", "position", "link", "period", "state"), rows)

    def _state(self, actual: Actual) -> str:
        """Return whether a figure lies within the promised range, or on which side of it the scheme would have it."""
        low, middle, high = self._promised_of[actual.period, actual.name]
        if low <= actual.value <= high:
            return AS_PROMISED
        rises = self._meant_to_rise(actual.name)
        return AHEAD if (actual.value > middle) == rises else SHORT

    def _meant_to_rise(self, name: str) -> bool:
        seen, without = (path[name] for path in self._central)
        return bool((seen - without).sum() >= 0)

    @cached_property
    def _central(self) -> tuple[Modelled, Modelled]:
        """The plan's central run over the whole horizon: with its schemes, and without."""
        case = self.plan.case
        evaluation = evaluate(case, central(case), cells=False)
        return measured(evaluation), measured(evaluation, ())

    @cached_property
    def power(self) -> pd.DataFrame:
        """By benefit and financial year the chance that a test at 5% tells what is promised from nothing at all."""
        case, (seen, without) = self.plan.case, self._central
        draws = replace(tile(central(case), REPLAYS), seed=self.plan.seed, process_noise=True)
        lives = measured(evaluate(case, draws, cells=False, middle=seen.evaluation))
        rows: list[dict[str, object]] = [dict.fromkeys(("benefit", "measure", "financial_year", "power"), ())]
        for b in case.benefits:
            if not is_modelled(b.measure, case) or b.measure.partition(".")[0] in m.MONEY:
                continue  # whether money was saved is told by the children and the posts, not by a test of the ledger
            flow = reads(b.measure, seen.register, FLOWS)
            with_it, none, by_chance = (_yearly(case, path[b.measure], flow=flow) for path in (seen, without, lives))
            change = with_it[:, 0] - none[:, 0]
            events = dispersion(_example(b), self.case.actuals, case) * with_it[:, 0] if flow else np.abs(change)
            variance = by_chance.var(axis=1) + events
            found = charts.power(np.cumsum(change) if flow else change, np.cumsum(variance) if flow else variance)
            years = list(case.timeline.financial_years)
            rows.append({"benefit": b.id, "measure": b.measure, "financial_year": years, "power": found.round(3)})
        return tidy_frame(("benefit", "measure", "financial_year", "power"), rows)

    @cached_property
    def charted(self) -> tuple[charts.Chart, ...]:
        """A chart of every measure of the register, and of every other with a figure the model is held against."""
        start, known = self.plan.case.timeline.start, {a.name for a in standing(self.case.actuals)}
        wanted = [b.measure for b in self.case.benefits] + [o.actual.name for o in self.evidence.observations]
        found = (charts.chart(n, self.case.actuals, start) for n in dict.fromkeys(wanted) if n in known)
        return tuple(chart for chart in found if len(chart.actuals) > 1)

    @cached_property
    def charts(self) -> pd.DataFrame:
        """The points of every chart with its limits, what it signals and what was promised."""
        nothing = [np.nan] * 3
        return tidy_frame(
            ("measure", "chart", "period", "value", "lower", "middle", "upper", "signal", "p10", "p50", "p90"),
            [
                {"measure": c.name, "chart": c.kind, "period": a.period, "value": shown(a),
                 "lower": c.lower[i], "middle": c.middle[i], "upper": c.upper[i], "signal": c.signals[i],
                 **dict(zip(("p10", "p50", "p90"), self._promised_of.get((a.period, a.name), nothing), strict=True))}
                for c in self.charted
                for i, a in enumerate(c.actuals)
            ],
        )  # fmt: skip

    @cached_property
    def versions(self) -> pd.DataFrame:
        """Every version of the plan: when and why it was frozen, and what it promised."""
        every = [plans.read_plan(folder) for folder in plans.versions(self.case.folder).values()]
        return tidy_frame(
            ("version", "frozen", "scenario", "reason", "perimeter", "mean_gbp", "held_against"),
            [
                {"version": p.version, "frozen": p.frozen.isoformat(), "scenario": p.scenario, "reason": p.reason,
                 "perimeter": p.perimeter, "mean_gbp": round(float(p.stored[plans.NET_PRESENT_VALUE].mean())),
                 "held_against": p.version == self.plan.version}
                for p in every
            ],
        )  # fmt: skip

    @cached_property
    def compared(self) -> pd.DataFrame:
        """The council beside its synthetic control by year, per 10,000 children; and the weights of the mix."""
        assert self.neighbours is not None  # noqa: S101 - asked for only where tables were given
        found = self.neighbours
        rows = [
            {"kind": "rate", "name": "", "year": list(found.years), "actual": found.actual.round(2),
             "synthetic": found.synthetic.round(2), "weight": np.nan, "placebo": round(found.placebo, 3)},
            *({"kind": "weight", "name": name, "year": 0, "actual": np.nan, "synthetic": np.nan,
               "weight": round(weight, 4), "placebo": np.nan} for name, weight in found.weights.items()),
        ]  # fmt: skip
        return tidy_frame(("kind", "name", "year", "actual", "synthetic", "weight", "placebo"), rows)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return every table by its name."""
        made = {name: getattr(self, name) for name in FRAMES}
        return made | ({} if self.neighbours is None else {"neighbours": self.compared})


def track(case: Case, *, version: int | None = None, neighbours: Comparison | None = None) -> Outturn:
    """Hold a case's plan, the latest unless a version is named, against its actuals. InputProblems without a plan."""
    known = plans.versions(case.folder)
    if not known or (version is not None and version not in known):
        wanted = "none is frozen" if not known else f"there is no version {version}, only {', '.join(map(str, known))}"
        raise InputProblems([f"{case.folder_name}: {wanted}; python3 workbook.py model freeze {case.folder_name}"])
    plan = plans.read_plan(known[max(known) if version is None else version])
    return Outturn(plan=plan, case=case, neighbours=neighbours)


def write(outturn: Outturn, folder: Path) -> None:
    """Write every table as CSV, and all of them as one workbook, into a folder."""
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    folder.mkdir(parents=True, exist_ok=True)
    frames = outturn.frames()
    for name, frame in frames.items():
        write_csv(frame, folder / f"{name}.csv")
    content = io.BytesIO()
    with pd.ExcelWriter(content, engine="xlsxwriter") as book:
        for name, frame in frames.items():
            frame.to_excel(book, sheet_name=name, index=False)
    write_whole(folder / "tables.xlsx", content.getvalue())


def shown(actual: Actual) -> float:
    """Return a figure as it may be printed: counts of one to five children, and rates of so few, are not."""
    few = actual.numerator if actual.numerator is not None else actual.value if actual.unit == "children" else 0
    return np.nan if 0 < few < SMALLEST_PUBLISHED else actual.value


def _yearly(case: Case, path: Floats, *, flow: bool) -> Floats:
    """Return a path by financial year: summed, or as it is in the last month, (years, draws)."""
    last = [int(np.flatnonzero(case.timeline.year_index == i)[-1]) for i in range(len(case.timeline.financial_years))]
    return case.timeline.by_financial_year(path) if flow else path[last]


def _example(benefit: Benefit) -> Actual:
    """Return a year's figure of a benefit's measure, to look up how its like spread before the start."""
    return Actual(period="2022/23", measure=benefit.measure, value=0.0, unit=benefit.unit, source="")

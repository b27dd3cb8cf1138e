"""One plan held against what happened: every table of `outputs/<case>/outturn/`, each a tidy frame."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.batch.disk import write_whole
from model.case import measures as m
from model.case.draws import central, thinned, tile
from model.case.reading.problems import InputProblems
from model.case.records import Case
from model.case.rows import Actual
from model.case.units import above_zero
from model.case.words import SMALLEST_PUBLISHED
from model.money.portfolio import evaluate
from model.results.annual import tidy_frame
from model.results.files import write_csv
from model.tracking import charts, learning, plans
from model.tracking.bridge import NET, Bridge, bridge
from model.tracking.counted import Counted, as_counted
from model.tracking.evidence import REPLAYS, Evidence, dispersion, evidence, standing
from model.tracking.learning import Learnt
from model.tracking.measured import FLOWS, Modelled, is_modelled, measured, reads
from model.tracking.neighbours import Comparison

Floats = NDArray[np.float64]

FEW: Final = 128  # draws on which the bridge and what is earned are worked out
FRAMES: Final = ("figures", "earned", "bridge", "parts", "assumptions", "forecast", "chain", "power", "charts",
                 "versions")  # fmt: skip
EIGHTY: Final = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
NOTHING: Final = (np.nan, np.nan, np.nan)
PROMISED, NOW, BESIDE = "promised", "now", "beside"
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
        expected = self.evidence.expected(self._stored)
        return learning.learn(self.evidence, self.plan.draws, expected, seed=self.plan.seed)

    @cached_property
    def _stored(self) -> Modelled:
        """The world of the plan's stored draws, at the inflation that is known by now."""
        return self.evidence.world(self.plan.draws)

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Every actual, what superseded it, and what was promised of it; counts from one to five are not shown."""
        latest = {id(a) for a in standing(self.case.actuals)}
        rows = [
            (a.measure, a.scope, a.period, shown(a), a.unit, a.status, a.as_at.isoformat() if a.as_at else "",
             id(a) in latest, *self._promised_of.get((a.period, a.name), NOTHING), a.source)
            for a in self.case.actuals
        ]  # fmt: skip
        return tidy_frame(
            ("measure", "scope", "period", "value", "unit", "status", "as_at", "standing", *EIGHTY, "source"), rows
        )

    @cached_property
    def _promised_of(self) -> dict[tuple[str, str], Sequence[float]]:
        """Return (period, name) -> the promised 10th, 50th and 90th percentile of the figure, chance included."""
        world, rng = measured(self._stored.evaluation), np.random.default_rng(self.plan.seed)
        found: dict[tuple[str, str], Sequence[float]] = {}
        for o in self.evidence.observations:
            expected = o.modelled(world[o.actual.name])
            noise = np.sqrt(o.variance(expected)) * rng.standard_normal(expected.shape)
            found[o.actual.period, o.actual.name] = _eighty(expected + noise)
        return found

    @property
    def bridge(self) -> pd.DataFrame:
        """From plan to outturn, cause by cause."""
        return self._bridge.steps

    @cached_property
    def _bridge(self) -> Bridge:
        return bridge(self.evidence, self.learnt, self.counted, self.plan.perimeter)

    @cached_property
    def counted(self) -> Counted:
        """Some of the draws that were learnt, with what was counted in them."""
        return as_counted(self.evidence, thinned(self.learnt.draws, FEW), self.plan.seed)

    @cached_property
    def parts(self) -> pd.DataFrame:
        """Of each scheme whose work was counted the part of its promise that is shown: 1 = as promised, 0 = nothing."""
        rows = [
            (name, *_eighty(part, 3), bool(np.quantile(part, 0.9) < 1)) for name, part in self.counted.parts.items()
        ]
        return tidy_frame(("scheme", *EIGHTY, "short"), rows)

    @cached_property
    def earned(self) -> pd.DataFrame:
        """What was promised to date and what has come of it by nature, cash: nature, state, mean and 10, 50, 90%.

        What has come of it is where the bridge ends: the nature BESIDE is what children counted by placement, and the
        ledger, move beyond what schemes and children are modelled to, and no budget line is known for it.
        """
        promised = self.evidence.world(thinned(self.plan.draws, FEW), as_planned=True)
        rows, beyond = [], self._bridge.beside[NET]
        for state, world, beside in ((PROMISED, promised, 0 * beyond), (NOW, self._bridge.world, beyond)):
            amounts = {
                n.partition(".")[0]: (world[n] * world.level).sum(axis=0) for n in plans.money_of(self.plan.perimeter)
            }
            amounts |= {BESIDE: beside, NET: amounts[NET] + beside}
            means = {nature: round(float(amount.mean()), 2) for nature, amount in amounts.items()}
            means[NET] = round(sum(means.values()) - means[NET], 2)  # of the parts as printed, to the penny
            rows += [(nature, state, means[nature], *_eighty(amount, 2)) for nature, amount in amounts.items()]
        return tidy_frame(("nature", "state", "mean_gbp", "p10_gbp", "p50_gbp", "p90_gbp"), rows)

    @cached_property
    def assumptions(self) -> pd.DataFrame:
        """Each uncertain assumption before and after: 10th, 50th and 90th percentile, and whether it was learnt of."""
        rows, told = [], set(self.learnt.learnt)
        for name in self.learnt.places:
            before, after = self.plan.draws[name], self.learnt.draws[name]
            beyond = not before.min() <= np.median(after) <= before.max()
            rows.append((name, self.plan.case.assumptions[name].unit, *_eighty(before), *_eighty(after), name in told,
                         name in told and bool(beyond)))  # fmt: skip
        columns = ("assumption", "unit", *(f"prior_{q}" for q in EIGHTY), *(f"now_{q}" for q in EIGHTY), "learnt",
                   "beyond")  # fmt: skip
        return tidy_frame(columns, rows)

    @cached_property
    def forecast(self) -> pd.DataFrame:
        """The NPV and the chance of payback then and now, and what the frozen triggers say."""
        plan, learnt = self.plan, self.learnt
        then = plan.stored[plans.NET_PRESENT_VALUE], plan.stored[plans.PAID_BACK]
        if learnt.kept is not None:
            now = then[0][learnt.kept], then[1][learnt.kept]
        else:
            now = plans.worth(plan.case, learnt.draws, plan.perimeter)
        rows = []
        for state, (npv, paid) in (("then", then), ("now", now)):
            chance, (low, high) = float(above_zero(npv).mean()), np.quantile(npv, [0.1, 0.9])
            decision = learning.decision(chance, plan.change_below, plan.stop_below)
            effective = round(learnt.effective, 1) if state == "now" else float(plan.n)
            rows.append((state, round(float(npv.mean())), round(low), round(high), chance, float(paid.mean()), decision,
                         effective, state == "now" and learnt.kept is None))  # fmt: skip
        columns = ("state", "mean_gbp", "p10_gbp", "p90_gbp", "probability_npv_positive", "probability_payback",
                   "decision", "effective_draws", "drawn_again")  # fmt: skip
        return tidy_frame(columns, rows)

    @cached_property
    def chain(self) -> pd.DataFrame:
        """Each scheme's links in causal order: the latest figure of each against what was promised of it."""
        rows = []
        latest = {o.actual.name: o.actual for o in self.evidence.observations}
        for spec in self.plan.case.active_schemes:
            own = [f"{spec.name}.{name}" for name in (m.POSTS, *m.OF_KIND.get(spec.kind, {}))]
            links = [*own, *(b.measure for b in self.plan.case.benefits if b.scheme == spec.name)]
            for position, link in enumerate(dict.fromkeys(links)):
                if link in latest:
                    a = latest[link]
                    rows.append((spec.name, position, link, a.period, self._state(a)))
        return tidy_frame(("scheme", "position", "link", "period", "state"), rows)

    def _state(self, actual: Actual) -> str:
        """Return whether a figure lies within the promised range, or on which side of it the scheme would have it."""
        low, middle, high = self._promised_of[actual.period, actual.name]
        if low <= actual.value <= high:
            return AS_PROMISED
        seen, without = (path[actual.name] for path in self._central)
        rises = (seen - without).sum() >= 0
        return AHEAD if (actual.value > middle) == rises else SHORT

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
        rows = []
        for b in case.benefits:
            if not is_modelled(b.measure, case) or b.measure.partition(".")[0] in m.MONEY:
                continue  # whether money was saved is told by the children and the posts, not by a test of the ledger
            flow = reads(b.measure, seen.register, FLOWS)
            with_it, none, by_chance = (_yearly(case, path[b.measure], flow=flow) for path in (seen, without, lives))
            change = with_it[:, 0] - none[:, 0]
            alike = Actual(period="2022/23", measure=b.measure, value=0.0, unit=b.unit, source="")  # a year's figure
            events = dispersion(alike, self.case.actuals, case) * with_it[:, 0] if flow else np.abs(change)
            variance = by_chance.var(axis=1) + events
            found = charts.power(np.cumsum(change) if flow else change, np.cumsum(variance) if flow else variance)
            rows.append((b.id, b.measure, list(case.timeline.financial_years), found.round(3)))
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
        rows = [
            (c.name, c.kind, a.period, shown(a), c.lower[i], c.middle[i], c.upper[i], c.signals[i],
             *self._promised_of.get((a.period, a.name), NOTHING))
            for c in self.charted
            for i, a in enumerate(c.actuals)
        ]  # fmt: skip
        return tidy_frame(("measure", "chart", "period", "value", "lower", "middle", "upper", "signal", *EIGHTY), rows)

    @cached_property
    def versions(self) -> pd.DataFrame:
        """Every version of the plan: when and why it was frozen, and what it promised."""
        every = [plans.read_plan(folder) for folder in plans.versions(self.case.folder).values()]
        rows = [
            (p.version, p.frozen.isoformat(), p.scenario, p.reason, p.perimeter,
             round(float(p.stored[plans.NET_PRESENT_VALUE].mean())), p.version == self.plan.version)
            for p in every
        ]  # fmt: skip
        return tidy_frame(("version", "frozen", "scenario", "reason", "perimeter", "mean_gbp", "held_against"), rows)

    @cached_property
    def compared(self) -> pd.DataFrame:
        """The council beside its synthetic control by year, per 10,000 children; and the weights of the mix."""
        assert self.neighbours is not None  # noqa: S101 - asked for only where tables were given
        found = self.neighbours
        rows = [
            ("rate", "", list(found.years), found.actual.round(2), found.synthetic.round(2), np.nan,
             round(found.placebo, 3)),
            *(("weight", name, 0, np.nan, np.nan, round(w, 4), np.nan) for name, w in found.weights.items()),
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


def _eighty(values: Floats, digits: int = 6) -> list[float]:
    """Return the 10th, 50th and 90th percentile."""
    return [round(float(q), digits) for q in np.quantile(values, list(EIGHTY.values()))]


def _yearly(case: Case, path: Floats, *, flow: bool) -> Floats:
    """Return a path by financial year: summed, or as it is in the last month, (years, draws)."""
    last = [int(np.flatnonzero(case.timeline.year_index == i)[-1]) for i in range(len(case.timeline.financial_years))]
    return case.timeline.by_financial_year(path) if flow else path[last]

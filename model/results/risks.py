"""What a run knows of its own risk, as tidy frames: what moves it, what is worth learning, and who earned it."""

from typing import Final

import numpy as np
import pandas as pd

from model.case.draws import sample
from model.case.words import CENTRAL, MEAN, PORTFOLIO, QUANTILES, WHOLE
from model.money.appraisal import npv_evaluator
from model.results.annual import pennies, tidy_frame
from model.results.perimeters import choices, main_perimeter, shown_perimeters
from model.results.sample import Outcome, quantiles
from model.risk import convergence, voi
from model.risk.attribution import MOST_SCHEMES, Attribution, acting_members, attribute, meeting_schemes, to_the_penny
from model.risk.sensitivity import switching_values, tornado
from model.risk.sobol import sobol_indices
from model.risk.specification import acting_choices, specifications

ATTRIBUTION_COLUMNS: Final = ("scenario", "perimeter", "position", "scheme", "meets", "statistic", "shapley_gbp",
                              "step_gbp")  # fmt: skip
STRUCTURE_COLUMNS: Final = ("perimeter", "measure", "statistic", "value_gbp")  # and a column a structural choice
STRUCTURE_DRAWS: Final = 100  # in each combination: the difference it makes needs fewer draws than the answer itself


def switching_frame(result: Outcome) -> pd.DataFrame:
    """Return the switching value of each assumption for each perimeter of the answer."""
    wanted = _headlines(result)
    return switching_values(result.case, npv_evaluator(result.case, wanted), wanted)


def _headlines(result: Outcome) -> list[str]:
    """Return the perimeters of the answer: invest-to-save schemes, their groups, the whole."""
    groups = result.case.perimeters
    named = {WHOLE, *groups, *(name for group in groups.values() for name in group)}
    return [name for name in result.perimeters if name in named]


def tornado_frame(result: Outcome) -> pd.DataFrame:
    """Return the NPV with each uncertain assumption at its P10 and at its P90, all others central; widest first."""
    wanted = _headlines(result)
    return _of(result, tornado(result.case, npv_evaluator(result.case, wanted), wanted))


def _of(result: Outcome, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its scenario in front, money to the penny."""
    money = {name: pennies(frame[name].to_numpy(float)) for name in map(str, frame) if name.endswith("_gbp")}
    frame = frame.assign(**money)
    frame.insert(0, "scenario", result.case.scenario)
    return frame


def information_frame(result: Outcome) -> pd.DataFrame:
    """Return what each uncertain assumption and each group is worth learning before the decision, largest first.

    The last row, `everything`, is what knowing every number would be worth, chance apart. Nothing of the central run
    alone.
    """
    case = result.case
    found = pd.DataFrame(columns=list(voi.COLUMNS))
    if result.sample is not None and case.active_schemes:
        benefits = voi.options(result.npv_draws, choices(case))
        found = voi.information_values(case, result.drawn, benefits, groups=voi.groups_by_prefix(case))
    found.insert(0, "perimeter", main_perimeter(case))
    return _of(result, found)


def convergence_frame(result: Outcome) -> pd.DataFrame:
    """Return for each shown perimeter how far the number of draws limits what is printed of its NPV."""
    shown = shown_perimeters(result.case) if result.sample is not None else ()
    found = convergence.npv_precision({name: result.npv_draws[name] for name in shown if name in result.npv_draws})
    found.insert(0, "scenario", result.case.scenario)
    return found


def structure_frame(result: Outcome) -> pd.DataFrame:
    """Return the NPV under every combination of the structural choices, in the columns of `structure.csv`.

    A mean is this run's own mean and the difference that the combination makes on the first draws, which are the same
    children in both: as the scenario stands it is the printed mean exactly.
    """
    case, few, drawn = result.case, min(STRUCTURE_DRAWS, result.draws), None
    if result.sample is not None:
        drawn = sample(case, few, result.seed, process_noise=result.process_noise)
    combinations, at_centre, means = specifications(case, shown_perimeters(case), drawn)
    rows: list[tuple[object, ...]] = []
    for statistic, npvs in ((CENTRAL, at_centre), (MEAN, means)):
        for (perimeter, field), npv in npvs.items():
            own = getattr((result.sample or result.central).measures[perimeter], field)
            shift = own.mean() - own[:few].mean() if statistic == MEAN else 0.0
            rows += [
                (perimeter, field.removesuffix("_gbp"), statistic, value, *(setting.title for setting in settings))
                for value, settings in zip(pennies(npv + shift), combinations, strict=True)
            ]
    return pd.DataFrame(rows, columns=[*STRUCTURE_COLUMNS, *(choice.name for choice in acting_choices(case))])


def sobol_frame(result: Outcome, perimeter: str, *, draws: int, threads: int = 1) -> pd.DataFrame:
    """Return the Sobol' indices of each factor, largest total first; evaluates (factors + 2) x `draws` draws."""
    evaluate = npv_evaluator(result.case, [perimeter], threads=threads)
    return sobol_indices(result.case, evaluate, perimeter, draws=draws, seed=result.seed)


def attribution_frame(result: Outcome) -> pd.DataFrame:
    """Return who earned the NPV of the main perimeter and of the whole over the draws; real pounds.

    Shares that no order moves, and beside them the steps of the causal order. Every set of the schemes that meet on the
    caseload is run, unless the run holds it. In mean both columns of a perimeter's schemes sum to its row `portfolio`
    to the penny. No rows where fewer than two schemes meet, where more than eight do, or of the central run alone.
    """
    case, rows = result.case, list[tuple[object, ...]]()
    acting, meeting = acting_members(case), set(meeting_schemes(case))
    for perimeter in dict.fromkeys((main_perimeter(case), WHOLE)) if result.sample is not None else ():
        if 1 < len(meeting & set(acting[perimeter])) <= MOST_SCHEMES:
            rows += _shared_out(result, attribute(case, result.drawn, perimeter, known=result.npv_draws))
    return tidy_frame(ATTRIBUTION_COLUMNS, rows)


def _shared_out(result: Outcome, found: Attribution) -> list[tuple[object, ...]]:
    """Return the rows of one perimeter: the mean and the quantiles of each scheme's shares, and of the joint NPV."""
    joint, columns = np.array([found.joint.mean()]).round(2), []
    for parts in (found.shapley, found.steps):
        means = to_the_penny({name: np.array([values.mean()]) for name, values in parts.items()}, joint)
        means[PORTFOLIO] = joint
        spread = {name: quantiles(values) for name, values in (*parts.items(), (PORTFOLIO, found.joint))}
        columns.append({name: {MEAN: means[name][0], **spread[name]} for name in means})
    return [
        (result.case.scenario, found.perimeter, i, name, name in found.meeting, statistic,
         *(pennies(column[name][statistic]) for column in columns))
        for i, name in enumerate((*found.shapley, PORTFOLIO), 1)
        for statistic in (MEAN, *QUANTILES)
    ]  # fmt: skip

"""The examples of docs/the-maths.md, worked out twice: by the arithmetic they print, and by the model."""

import math
import re
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from simpleeval import simple_eval

from model import load_case, run
from model.case import units
from model.case.draws import central, copula_factor, quantile
from model.case.parameters import PLACEMENTS
from model.case.timeline import Timeline
from model.case.words import AVOIDANCE, CASHABLE
from model.money.appraisal import discount_factors, payback_months, peak_funding, present_value
from model.money.cashability import split_saving
from model.money.funding import annuity
from model.money.portfolio import evaluate
from model.schemes.base import monthly_hazard
from model.schemes.staff import recruitment
from model.schemes.staff.posts import recruiting
from model.schemes.staff.prices import PostCost, PostPay, cost_rates

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "the-maths.md").read_text(encoding="utf-8")
TEAMS, COVER, IFA = "Agency: managed teams", "Agency: vacancy cover", "IFA foster placements"


class Bury:
    """The model's own answers, each worked out when it is asked for."""

    case = load_case(ROOT / "inputs" / "bury-2022")

    @cached_property
    def world(self):
        return evaluate(self.case, central(self.case))

    @cached_property
    def setting(self):
        return self.world.setting

    def scheme(self, name):
        return self.world.schemes[name]

    @cached_property
    def agency(self):
        return self.scheme("agency").spending(self.setting)

    @cached_property
    def homes(self):
        return self.scheme("fostering").households(self.setting)

    def value(self, name):
        return self.case.assumptions[name].value

    @cached_property
    def factors(self):
        return discount_factors(self.case.timeline, self.case.conventions.discount_rate_annual)

    def children(self, measure, month):
        """Children in care, all ages and placements, if nothing is done: central."""
        frame = self.result.caseload
        everybody = frame[
            (frame["age_band"] == "all") & (frame["placement"] == "all") & (frame["statistic"] == "central")
        ]
        chosen = (
            (everybody["world"] == "do_nothing") & (everybody["measure"] == measure) & (everybody["month"] == month)
        )
        return everybody.loc[chosen, "children"].item()

    @cached_property
    def result(self):
        return run(self.case, draws=1)

    def published_saving(self):
        case = load_case(ROOT / "inputs" / "bury-2022", "as-published")
        annual = run(case, draws=1).annual
        chosen = annual[(annual["scheme"] == "fostering") & (annual["perimeter"] == "fostering")
                        & annual["line"].str.contains("foster") & (annual["price_basis"] == "real")
                        & (annual["financial_year"] == "2023/24") & (annual["statistic"] == "central")]  # fmt: skip
        return chosen["value_gbp"].sum()

    def split(self, nature):
        """A year on the line of agency places: 88 children if nothing is done, 83.6 with a scheme, 86 in the budget."""
        place = self.value("price.ifa_foster_weekly") * self.case.conventions.weeks_per_year
        months = self.case.timeline.year_share[:, None] * (self.case.timeline.year_index == 0)[:, None]
        before, after = {IFA: 88 * place * months}, {IFA: 83.6 * place * months}
        steps = {IFA: np.full((len(self.case.timeline.financial_years), 1), place)}
        flows = split_saving(self.case, before, after, steps, {}, opening={IFA: np.array([86 * place])})
        return sum(amount.sum() for tag, amount in flows if tag.nature == nature)

    def claimed(self):
        """Net position by month: the team's printed cost for two years, then the printed claim less that cost."""
        months = np.arange(self.case.timeline.months)[:, None]
        return np.where(months < 24, -307_870.0, 1_238_000.0 - 307_870.0) / 12

    @cached_property
    def post(self):
        """The cost by month of one post in 2022/23, by every award and rate known since."""
        tables = load_case(ROOT / "inputs" / "bury-2022", "later-evidence").reference.pay
        start = self.case.timeline.start
        pay = PostPay(council=self.case.council, spine="njc", point="38", point_top="38", start=start)
        year = Timeline(start, 12)
        rates = cost_rates(tables, pay, year, {})
        return PostCost(**{part: rate * year.year_share for part, rate in vars(rates).items()})


def _reserve(bury):
    frame = bury.result.reserve
    row = frame[(frame["item"] == "closing") & (frame["month"] == "2022-04") & (frame["statistic"] == "central")]
    return row["value_gbp"].item()


def _even(bury, name, points=20_000):
    return quantile(bury.case.assumptions[name], (np.arange(points) + 0.5) / points)


def _mean(bury):
    return _even(bury, "price.ifa_foster_weekly").mean()


def _shape(bury):
    """The first parameter of the beta that these places have: from their mean and variance by moments."""
    assumption = bury.case.assumptions["price.ifa_foster_weekly"]
    places = (_even(bury, assumption.name) - assumption.low) / (assumption.high - assumption.low)
    mean, variance = places.mean(), places.var()
    return mean * (mean * (1 - mean) / variance - 1)


BURY = Bury()
APRIL, SECOND_YEAR, JANUARY, AUGUST_2025 = 0, 12, 9, 40
HOMES = PLACEMENTS.index("residential")
MODEL = {
    "weeks paid for in April 2022": lambda b: b.setting.weekly[APRIL, 0],
    "an agency foster place in April 2022": lambda b: b.world.monthly_prices[APRIL, 1, 0],
    "a week in a children's home, in 2022/23 prices": lambda b: b.value("price.residential_weekly"),
    "a week in a children's home in 2023/24, real": lambda b: b.world.prices[SECOND_YEAR, HOMES, 0],
    "the published saving, twenty children for a year": Bury.published_saving,
    "children who enter in April 2022": lambda b: b.children("entry", "2022-04"),
    "children a year on, if nothing is done": lambda b: b.children("stock", "2023-03"),
    "posts at work, once all are filled that will be": lambda b: b.scheme("fostering").at_work(b.setting)[55, 0],
    "households approved in the first month, posts filling over twelve": lambda b: b.homes.approved[21, 0],
    "households approved in the second month": lambda b: b.homes.approved[22, 0],
    "share who stop in a month": lambda b: monthly_hazard(np.array(b.value("fostering.deregistration_annual"))),
    "households after both": lambda b: b.homes.extra[22, 0],
    "children in new places when all are approved": lambda b: b.scheme("fostering").filled_places(b.setting)[53, 0],
    "target entries a year, aged 8 to 17": lambda b: 12 * b.setting.entries_by_age[3:].sum(),
    "reach with all posts filled that will be": lambda b: b.scheme("edge_of_care").reach(b.setting)[AUGUST_2025, 0],
    "ramp in the middle of the first month": lambda b: b.scheme("edge_of_care").ramp(b.setting)[12, 0],
    "share of target entries prevented in the end, on average": lambda b: b.scheme("edge_of_care").rate(b.setting)[
        AUGUST_2025, 0
    ],
    "employer NI, April to October 2022": lambda b: b.post.national_insurance[:7].sum(),
    "employer NI, November 2022 to March 2023": lambda b: b.post.national_insurance[7:].sum(),
    "pension": lambda b: b.post.pension.sum(),
    "the post in all": lambda b: b.post.total.sum(),
    "new posts in work after half a year": lambda b: recruitment.filled_at(np.array(6.0), recruiting(b.setting))[0],
    "managed teams over a year": lambda b: b.agency[TEAMS][0][APRIL, 0] / b.setting.annual[APRIL, 0],
    "agency cover over a year, without managed teams": lambda b: (
        b.agency[COVER][0][APRIL, 0] / b.setting.annual[APRIL, 0]
    ),
    "part of its cost that filling a post saves": lambda b: (
        (1 - b.agency[COVER][1][AUGUST_2025, 0] / b.agency[COVER][0][AUGUST_2025, 0]) / 0.84
    ),
    "cover in August 2025 with the schemes": lambda b: b.agency[COVER][1][AUGUST_2025, 0],
    "a place a year": lambda b: b.world.contract_steps[IFA][0, 0],
    "cashable, two whole places of the 2.4 below the budget": lambda b: b.split(CASHABLE),
    "avoided, the rest": lambda b: b.split(AVOIDANCE),
    "£1 of January 2023 in today's value": lambda b: b.factors[JANUARY],
    "managed teams ended early, in today's value": lambda b: present_value(np.subtract(*b.agency[TEAMS]), b.factors)[0],
    "deepest point of the running total": lambda b: peak_funding(b.claimed())[0][0],
    "payback in months": lambda b: payback_months(b.claimed())[0],
    "the reserve after April 2022": _reserve,
    "£1 of 2024/25, real, in cash": lambda b: units.nominal_factors(
        b.case.timeline, b.case.reference.indices["planning"], b.case.price_base
    )[24],
    "a yearly payment on £100,000 over five years at 3%": lambda b: annuity(
        *(np.array([x]) for x in (100_000.0, b.value("loan.interest_annual"), b.value("loan.years")))
    )[0],
    "first shape of the agency price": _shape,
    "mean of the agency price": _mean,
    "correlation of the normals of two prices": lambda b: copula_factor(b.case.correlations[:1])[1][1, 0],
}
BY_HAND = {  # steps on the way that no function of the model returns by themselves
    "children the team can take on in a month",
    "children on the edge of care in a month",
}


def examples():
    """Yield (section, label, arithmetic, printed figure) of every line of every example."""
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        for block in re.findall(r"^```worked\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                label, _, sum_and_figure = line.partition(": ")
                arithmetic, _, figure = sum_and_figure.rpartition(" = ")
                yield title, label, arithmetic, figure


def number(text):
    """Return a printed figure and half a unit of its last place."""
    plain = text.replace("£", "").replace(",", "")
    return float(plain), 0.5 * 10.0 ** -len(plain.partition(".")[2])


def worked(arithmetic):
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", arithmetic.replace("£", ""))
    for printed, typed in (("×", "*"), ("−", "-"), ("^", "**")):
        plain = plain.replace(printed, typed)
    return simple_eval(
        plain, names={"pi": math.pi}, functions={"ceil": math.ceil, "floor": math.floor, "sin": math.sin}
    )


LINES = list(examples())


@pytest.mark.parametrize(("label", "arithmetic", "figure"), [line[1:] for line in LINES], ids=[x[1] for x in LINES])
def test_the_printed_arithmetic_gives_the_printed_figure(label, arithmetic, figure):
    printed, half = number(figure)
    assert worked(arithmetic) == pytest.approx(printed, abs=half * 1.2 + 1e-9), label


@pytest.mark.parametrize("label", MODEL)
def test_the_model_gives_the_printed_figure(label):
    figures = {name: figure for _, name, _, figure in LINES}
    printed, half = number(figures[label])
    assert float(MODEL[label](BURY)) == pytest.approx(printed, abs=half * 1.2 + 1e-9)


def test_every_section_has_an_example_and_every_line_is_asked_of_the_model():
    titles = set(re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE))
    assert titles == {line[0] for line in LINES}
    assert {line[1] for line in LINES} == MODEL.keys() | BY_HAND

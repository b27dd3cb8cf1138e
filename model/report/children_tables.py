"""The children in tables: by placement and age, and what each costs if nothing is done."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model.case.parameters import AGES, PLACEMENTS
from model.case.records import Case
from model.case.words import DO_NOTHING, WITH_SCHEMES
from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.results import children_counts as counts
from model.results.children_counts import Children, YearCost

PLAIN = (
    "Each number of children is rounded by itself, and so are changes, worked from unrounded numbers: sums may differ "
    "by 0.1."
)
ROUNDED = "Costs and shares are rounded so that they add up; numbers of children may not, by 0.1."
GROUPS = ("caseload",)


def now_and_later(children: Children, by: str) -> tbl.Table:
    """Return children at the start and in some years, in both worlds, by `placement` or by `age`, each rounded."""
    at, later = children.at_later, fmt.month(children.later)
    whens = ((DO_NOTHING, 0), (DO_NOTHING, at), (WITH_SCHEMES, at))
    names, titles = _names(by)
    if by == "placement":
        held = {name: [children.central(w, name, i) for w, i in whens] for name in names}
    else:
        ages = np.array([children.cells[w][i].sum(axis=1) for w, i in whens])
        held = {name: ages[:, k].tolist() for k, name in enumerate(names)}
    rows = [_five(titles[name], *numbers) for name, numbers in held.items() if max(numbers) > 0]
    rows.append(_five("All children looked after", *(children.central(w, "all", i) for w, i in whens)))
    what = "placement" if by == "placement" else "age"
    columns = (what.capitalize(), fmt.month(children.opening), f"{later}, do nothing", "Change",
               f"{later}, with the schemes", "Schemes' effect")  # fmt: skip
    return tbl.Table(
        key=f"children-by-{by}", caption=f"Children by {what}: at the start, and in {fmt.duration(at)}; central run",
        columns=columns, rows=rows, numeric=1, strong=frozenset({len(rows) - 1}),
        note=PLAIN, rests_on=rests(children.case),
    )  # fmt: skip


def _five(words: str, now: float, nothing: float, schemes: float) -> list[tbl.Cell]:
    return [tbl.text(words), count(now), count(nothing), _change(nothing - now), count(schemes),
            _change(schemes - nothing)]  # fmt: skip


def _names(by: str) -> tuple[Sequence[str], Mapping[str, str]]:
    return (PLACEMENTS, views.PLACEMENT_TITLES) if by == "placement" else (AGES, views.AGE_TITLES)


def cost_words(case: Case, first: YearCost, last: YearCost) -> str:
    """Return what placements cost in the first and the last shown year, and why it moves; the dearest placement."""
    before, after = float(first.cost_gbp.sum()), float(last.cost_gbp.sum())
    if not after:
        return "No child is in a placement that costs anything."
    share, held = last.cost_gbp.sum(axis=0) / after, last.children.sum(axis=0) / last.children.sum()
    top = int(share.argmax())
    words = (
        f"If nothing is done, placements cost {fmt.money(before)} in {first.year}"
        + (f" and {fmt.money(after)} in {last.year}" if last.year != first.year else "")
        + f", real {case.price_base} prices, central run: {fmt.pounds(_per_week(case, last))} a week for each child. "
        f"{views.PLACEMENT_TITLES[PLACEMENTS[top]]} is {fmt.percent(float(share[top]))} of the cost for "
        f"{fmt.percent(float(held[top]))} of the children."
    )
    if last.year == first.year:
        return words
    prices, children = counts.rise(first, last)
    return (
        f"{words} Of the {'rise' if after >= before else 'fall'} of {fmt.money(abs(after - before))}, "
        f"{fmt.money(prices, signed=True)} is prices growing faster than inflation and "
        f"{fmt.money(children, signed=True)} is how many children there are, and where."
    )


def _per_week(case: Case, cost: YearCost) -> float:
    return float(cost.cost_gbp.sum() / cost.children.sum() / case.conventions.weeks_per_year)


def placement_costs(case: Case, first: YearCost, last: YearCost) -> tbl.Table:
    """Return what each placement costs if nothing is done: price with its range, children, cost, share of the total."""
    keep = [i for i in range(len(PLACEMENTS)) if max(first.children[:, i].sum(), last.children[:, i].sum()) > 0]
    parts = [_in_thousands(y.cost_gbp.sum(axis=0)[keep]) for y in (first, last)]
    held = [[float(v) for v in y.children.sum(axis=0)[keep]] for y in (first, last)]
    shares = fmt.adding_up(_shares(last.cost_gbp.sum(axis=0)[keep]), 2)
    rows = [
        [tbl.text(views.PLACEMENT_TITLES[PLACEMENTS[i]]), *_price(case, PLACEMENTS[i]), count(held[0][k]),
         tbl.thousands(parts[0][k]), tbl.number(fmt.pounds(float(last.price_weekly[i])), float(last.price_weekly[i])),
         count(held[1][k]), tbl.thousands(parts[1][k]), tbl.number(fmt.percent(shares[k]), shares[k])]
        for k, i in enumerate(keep)
    ]  # fmt: skip
    rows.append([tbl.text("All placements"), blank(), blank(), count(sum(held[0])), tbl.thousands(sum(parts[0])),
                 blank(), count(sum(held[1])), tbl.thousands(sum(parts[1])),
                 tbl.number(fmt.percent(sum(shares)), sum(shares))])  # fmt: skip
    strong, note = {len(rows) - 1}, ""
    if max(first.grant_gbp, last.grant_gbp) >= 500:
        rows += _grant_rows(first, last, sum(parts[0]), sum(parts[1]), (sum(held[0]), sum(held[1])))
        strong.add(len(rows) - 1)
        note = "Unaccompanied children are paid for by grant, and no scheme acts on them."
    columns = ("Placement", f"Price a week, {first.year}", "Range", f"Children, {first.year}", f"Cost, {first.year}",
               f"Price a week, {last.year}", f"Children, {last.year}", f"Cost, {last.year}",
               f"Share, {last.year}")  # fmt: skip
    return tbl.Table(
        key="placement-costs",
        caption=f"What each placement costs if nothing is done: £ thousand a year, central, {case.price_base} prices",
        columns=columns, rows=rows, numeric=1, strong=frozenset(strong),
        note=f"Children: on average over the year. Cost: children x price a week x "
        f"{fmt.significant(case.conventions.weeks_per_year, 5)} weeks; the placement only, without social work, "
        f"proceedings or leaving care. {note} Worked from unrounded numbers. {ROUNDED}".replace("  ", " "),
        rests_on=_cost_rests(case),
    )  # fmt: skip


def _grant_rows(
    first: YearCost, last: YearCost, before: float, after: float, held: tuple[float, float]
) -> list[list[tbl.Cell]]:
    """Return what grant pays of the total, and what is left for the council: money from the numbers as printed."""
    paid = [round(y.grant_gbp / 1e3) * 1e3 for y in (first, last)]
    theirs = [y.grant_children for y in (first, last)]
    left, ours = [before - paid[0], after - paid[1]], [held[0] - theirs[0], held[1] - theirs[1]]
    return [
        [tbl.text(words), blank(), blank(), count(n[0]), tbl.thousands(pounds[0]), blank(), count(n[1]),
         tbl.thousands(pounds[1]), blank()]
        for words, n, pounds in (("of which paid for by grant", theirs, paid), ("Left for the council", ours, left))
    ]  # fmt: skip


def _price(case: Case, placement: str) -> tuple[tbl.Cell, tbl.Cell]:
    """Return a placement's price, linked to its assumption, and the range it is drawn from."""
    found = case.assumptions[f"price.{placement}_weekly"]
    shown = fmt.pounds(found.value)
    linked = tbl.Cell(text=shown, sort=found.value, markup=tbl.link(shown, f"#{markup.anchor(found.name)}").markup)
    if found.low == found.high:
        return linked, tbl.text("fixed")
    return linked, tbl.number(fmt.money_range(found.low, found.high), found.low)


def _in_thousands(pounds: NDArray[np.float64]) -> list[float]:
    """Return pounds rounded to whole thousands that add up."""
    return [1e3 * v for v in fmt.adding_up([float(p) / 1e3 for p in pounds])]


def _shares(values: NDArray[np.float64]) -> list[float]:
    total = float(values.sum())
    return [float(v) / total if total else 0.0 for v in values]


def rests(case: Case) -> dict[str, str]:
    """Return the assumptions behind a number of children."""
    acts = {s.name for s in case.active_schemes if s.kind in {"fostering_growth", "entry_reduction"}}
    names = views.drivers(case, {*GROUPS, *acts})
    return {n: words for n, words in names.items() if not case.assumptions[n].unit.startswith("GBP")}


def _cost_rests(case: Case) -> dict[str, str]:
    names = views.drivers(case, {"price", *GROUPS, "growth"})
    return {n: words for n, words in names.items() if n != "growth.pay_real_annual"}


def one(value: float) -> str:
    """Return a number of children in words, to a tenth where it is not whole."""
    return fmt.decimal(value, 1).removesuffix(".0")


def whole(value: float) -> str:
    """Return a number of children in words, rounded to whole ones."""
    return fmt.decimal(value)


def count(value: float | None, places: int = 1) -> tbl.Cell:
    """Return a cell of a number of children; a dash where there is none."""
    return blank() if value is None else tbl.number(fmt.decimal(value, places), value)


def _change(value: float) -> tbl.Cell:
    return tbl.number(fmt.signed(value, 1), round(value, 1))


def blank() -> tbl.Cell:
    """Return an empty cell."""
    return tbl.Cell(text="–")


def stated(case: Case) -> tbl.Table:
    """Return the caseload as the inputs state it: cells and margins with their sources."""
    rows = [
        [
            tbl.text(views.PLACEMENT_TITLES.get(r.placement, r.placement)),
            tbl.text(views.AGE_TITLES.get(r.age_band, r.age_band)),
            tbl.text(r.stream),
            *(_stated(v) for v in (r.children, r.entries_annual, r.exits_annual)),
            tbl.note(r.source),
        ]
        for r in case.caseload
    ]
    return tbl.Table(
        key="caseload",
        caption="Children at the start, and those who enter and leave in a year, as the inputs state them",
        columns=("Placement", "Age", "Stream", "Children", "Enter a year", "Leave a year", "Source"),
        rows=rows,
        numeric=frozenset({3, 4, 5}),
        sortable=True,
    )


def _stated(value: float | None) -> tbl.Cell:
    return tbl.text("not stated") if value is None else tbl.number(fmt.significant(value), value)

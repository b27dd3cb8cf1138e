"""Money: what each world costs, what is saved and cashable, and the lines of every scheme; `model.money` row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.case.parameters import PLACEMENT_LINES
from model.case.words import AVOIDANCE, CASHABLE, INTERACTION, INVESTMENT, PARTNER, RECURRING
from model.children.points import AT_18, ENTERED, UNDER_18
from model.excel.grid import SEP, add_up
from model.excel.inputs import write_budgets
from model.money.portfolio import (
    EIGHTEEN_LINE,
    ENTRY_LINE,
    EXIT_LINE,
    PRICE_GROWTH,
    PRICE_GROWTH_OF,
    SUPPORT_LINE,
    members_of,
)
from model.schemes.cashflows import Tag
from model.schemes.optimism import REALISED, SWITCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.excel.children import Caseload, World
    from model.excel.grid import Row
    from model.excel.inputs import Held
    from model.excel.staff import Work

Saved = dict[Tag, list["Row"]]


@dataclass(frozen=True, kw_only=True)
class Steps:
    """One line to be split: spending before and after by month, the yearly contract step, and the budget held."""

    line: str
    before: Row
    after: Row
    step: Row | None
    held: Row | None
    purse: str


class Money:
    """Writes the sheets of spending and splits what is saved."""

    def __init__(self, work: Work, caseload: Caseload) -> None:
        """Write prices, then what the do-nothing world costs."""
        self._work, self._caseload = work, caseload
        book, case, cal = work.book, work.case, work.cal
        self._sheet = book.monthly("Spending")
        self._sheet.title(
            "Spending on children, by month, real",
            "Children on average over the month x price x weeks; entries and exits x cost each.",
        )
        self._split = book.yearly("Cashable")
        self._split.title(
            "What is cashable, by financial year, real",
            "A saving is cashable as far as it takes spending below the approved "
            "budget, in whole contract steps; costs it causes take the same part.",
        )
        self._sheet.section("Prices")
        self._prices = [
            self._sheet.add(
                f"{line}: price a week", "GBP/week", f"=price.{p}_weekly*{self._growth(p, f'{cal.year}')}", kind="pence"
            )
            for p, line in PLACEMENT_LINES.items()
        ]
        self._nothing = self._spending(caseload.nothing, "Do nothing")
        opening = {
            line: f"{caseload.nothing.outs[i]:open}*price.{p}_weekly*weeks_per_year{self._ours(line)}"
            for i, (p, line) in enumerate(PLACEMENT_LINES.items())
        }
        self._budgets: dict[str, Held] = write_budgets(book, case, cal, opening)
        self._split.section("One whole contract step")
        self._steps = {
            line: self._split.add(f"{line}: a year of one step", "GBP", f"=cashable.contract_step_{p}*price.{p}_weekly"
                                  f"*{self._growth(p, f'{cal.year_no}')}*weeks_per_year{self._ours(line)}")
            for p, line in PLACEMENT_LINES.items()
            if f"cashable.contract_step_{p}" in case.assumptions
        }  # fmt: skip
        self._made: dict[frozenset[str], Saved] = {}

    def _growth(self, placement: str, year: str) -> str:
        own = PRICE_GROWTH_OF[placement]
        return f"(1+{own if own in self._work.case.assumptions else PRICE_GROWTH})^({year}-1)"

    def _partner(self, line: str) -> str:
        names = {line: f"partner.share_{p}" for p, line in PLACEMENT_LINES.items()}
        return names[line] if line in names and names[line] in self._work.case.assumptions else ""

    def _ours(self, line: str) -> str:
        return f"*(1-{self._partner(line)})" if self._partner(line) else ""

    def _spending(self, world: World, title: str) -> dict[str, Row]:
        """`Evaluation.spending`: price x children x time, and events."""
        self._sheet.section(title)
        add, cal = self._sheet.add, self._work.cal
        found = {
            line: add(line, "GBP", f"=AVERAGE({world.outs[i]:prev},{world.outs[i]})*{self._prices[i]}*{cal.weekly}")
            for i, line in enumerate(PLACEMENT_LINES.values())
        }
        events = (
            (ENTRY_LINE, world.outs[ENTERED], "cost.entry"),
            (EXIT_LINE, world.outs[UNDER_18], "cost.exit_under_18"),
            (EIGHTEEN_LINE, world.outs[AT_18], "cost.exit_at_18"),
            (SUPPORT_LINE, world.kept, "cost.diverted_child"),
        )
        for line, count, cost in events:
            found[line] = add(line, "GBP", f"={count}*{cost}" if count else "=0")
        return found

    def saved(self, names: Sequence[str], title: str) -> Saved:
        """`Evaluation.saving`: what some schemes together save on the caseload's lines, by nature."""
        key = frozenset(names)
        if key not in self._made:
            after = self._spending(self._caseload.world(names, title), title)
            lines = [
                Steps(line=line, before=self._nothing[line], after=after[line], step=self._steps.get(line),
                      held=self._budgets[line].last if line in self._budgets else None, purse="general_fund")
                for line in after
            ]  # fmt: skip
            self._made[key] = self.split(lines, title)
        return self._made[key]

    def spending_budget(self, line: str) -> Row | None:
        """Return the approved budget of a line outside the caseload."""
        return self._budgets[line].last if line in self._budgets else None

    def split(self, lines: Sequence[Steps], title: str) -> Saved:
        """`cashability.split_saving`: shares by financial year, then applied month by month."""
        yearly, add, cal = self._split, self._split.add, self._work.cal
        monthly = [
            self._sheet.add(f"Saved: {s.line}", "GBP", f"=({s.before}-{s.after}){self._ours(s.line)}") for s in lines
        ]
        yearly.section(title)
        gross = [add(f"{s.line}: saved", "GBP", f"={cal.by_year(m)}") for s, m in zip(lines, monthly, strict=True)]
        below = [self._below(s, g) for s, g in zip(lines, gross, strict=True)]
        cash = add(
            "Cashable on lines that save",
            "GBP",
            "=" + "+".join(f"IF({g}>0,{b},0)" for g, b in zip(gross, below, strict=True)),
        )
        positive = add("Saved on lines that save", "GBP", "=" + "+".join(f"MAX({g},0)" for g in gross))
        common = add("Part of it that is cashable", "share", f"=IF({positive}>0,{cash}/{positive},0)")
        found: Saved = {}
        for s, month, g, b in zip(lines, monthly, gross, below, strict=True):
            share = add(f"{s.line}: part cashable", "share", f"=IF({g}>0,{b}/IF({g}>0,{g},1),{common})")
            cashable = self._sheet.add(f"Cashable: {s.line}", "GBP", f"={month}*{share:year}")
            avoided = self._sheet.add(f"Avoided: {s.line}", "GBP", f"={month}-{cashable}")
            found[Tag(s.line, CASHABLE, RECURRING, s.purse)] = [cashable]
            found[Tag(s.line, AVOIDANCE, RECURRING, s.purse)] = [avoided]
            if self._partner(s.line):
                theirs = self._sheet.add(
                    f"Partner's: {s.line}", "GBP", f"=({s.before}-{s.after})*{self._partner(s.line)}"
                )
                found[Tag(s.line, AVOIDANCE, RECURRING, PARTNER)] = [theirs]
        return found

    def _below(self, s: Steps, gross: Row) -> Row:
        """`cashability._below_budget` and `_whole_steps`."""
        if s.held is None or s.purse != "general_fund":
            return self._split.add(f"{s.line}: below the budget (none is held)", "GBP", "=0")
        before = f"{self._work.cal.by_year(s.before)}{self._ours(s.line)}"
        under = self._split.add(
            f"{s.line}: below the budget",
            "GBP",
            f"=MAX(0,MIN(MIN({s.held},{before})-({before}-{gross}),MAX({gross},0)))",
        )
        if s.step is None:
            return under
        whole = f"MIN(INT({under}/MAX({s.step},deficit_guard_gbp)+rounding_guard)*{s.step},{under})"
        return self._split.add(f"{s.line}: in whole steps", "GBP", f"=IF({s.step}>0,{whole},{under})")


def write_lines(
    work: Work, money: Money, acting: Sequence[str], spent: Mapping[str, Mapping[str, tuple[Row, Row]]]
) -> None:
    """Fill `work.lines`: each scheme alone (`Evaluation.standalone`), and each perimeter's interaction."""
    for spec in work.case.active_schemes:
        saved = money.saved([spec.name], spec.title) if spec.name in acting else {}
        if pairs := spent.get(spec.name):
            purses = _purses(spec.kind)
            saved = money.split(
                [
                    Steps(
                        line=line,
                        before=before,
                        after=after,
                        step=None,
                        held=money.spending_budget(line),
                        purse=purses.get(line, "general_fund"),
                    )
                    for line, (before, after) in pairs.items()
                ],
                spec.title,
            )
        for tag, rows in saved.items():
            for row in rows:
                work.line(spec.name, tag, row)
    for perimeter, members in members_of(work.case).items():
        meeting = [n for n in acting if n in members]
        if len(meeting) > 1:
            _interaction(work, money, perimeter, meeting)


def _purses(kind: str) -> Mapping[str, str]:
    from model.case.words import AGENCY, RESERVE  # noqa: PLC0415
    from model.schemes.agency import MANAGED_TEAMS  # noqa: PLC0415

    return {MANAGED_TEAMS: RESERVE} if kind == AGENCY else {}


def _interaction(work: Work, money: Money, perimeter: str, meeting: Sequence[str]) -> None:
    """`portfolio._as_interaction`: together less apart, by nature and purse."""
    joint, apart = money.saved(meeting, " and ".join(meeting)), [money.saved([n], n) for n in meeting]
    kinds = dict.fromkeys((tag.nature, tag.funding) for tag in joint)
    for nature, purse in kinds:
        plus = [f"{row}" for tag, rows in joint.items() if (tag.nature, tag.funding) == (nature, purse) for row in rows]
        minus = [
            f"{row}"
            for s in apart
            for tag, rows in s.items()
            if (tag.nature, tag.funding) == (nature, purse)
            for row in rows
        ]
        row = work.sheet.add(f"Interaction in {perimeter}: {nature}", "GBP", f"={'+'.join(plus)}-{'-'.join(minus)}")
        work.line(f"{INTERACTION}:{perimeter}", Tag(INTERACTION, nature, RECURRING, purse), row)


def write_monthly_lines(work: Work) -> dict[tuple[str, Tag], Row]:
    """Write every line by month."""
    sheet = work.book.monthly("Lines")
    sheet.title(
        "Every line by month, real",
        "A cost is minus. Each scheme by itself, then what schemes that meet in the caseload change in each other.",
    )
    found: dict[tuple[str, Tag], Row] = {}
    owner = ""
    for (whose, tag), rows in work.lines.items():
        if whose != owner:
            owner = whose
            sheet.section(owner)
        label = SEP.join((owner, tag.line, tag.nature, tag.recurrence, tag.funding))
        dearer = {SWITCH, REALISED} & work.case.assumptions.keys() and tag.nature == INVESTMENT
        whole = add_up(rows)
        found[whose, tag] = sheet.add(label, "GBP", f"=({whole[1:]})*{owner}.cost_factor" if dearer else whole)
    return found


@dataclass(frozen=True, kw_only=True)
class Annual:
    """Rows by year: each label in real and nominal pounds to the penny, and the net of each perimeter.

    `shown`: the real lines as one block.
    """

    lines: Mapping[tuple[str, ...], Row]
    nominal: Mapping[tuple[str, ...], Row]
    net: Mapping[str, Row]
    shown: Row


def write_annual(work: Work, lines: Mapping[tuple[str, Tag], Row]) -> Annual:
    """`results.annual`: every line by financial year to the penny, whichever purse pays, and each perimeter's net."""
    book, cal = work.book, work.cal
    sheet = book.yearly("Annual lines")
    sheet.title(
        "Every line by financial year, to the penny",
        "As annual.csv shows them: a cost is minus; net is the sum of the lines shown.",
    )
    merged: dict[tuple[str, ...], list[Row]] = {}
    for (owner, tag), row in lines.items():
        merged.setdefault((owner, tag.line, tag.nature, tag.recurrence), []).append(row)
    by_basis: list[dict[tuple[str, ...], Row]] = []
    nets: dict[str, Row] = {}
    for basis, factor in (("real", ""), ("nominal", f"*{cal.level}")):
        sheet.section(f"Lines, {basis}")
        rows = {
            key: sheet.add(
                SEP.join((basis, *key)),
                "GBP",
                f"=ROUND(({'+'.join(cal.by_year(r) for r in parts)}){factor},decimals)",
                kind="pence",
            )
            for key, parts in merged.items()
        }
        by_basis.append(rows)
        sheet.section(f"Net, {basis}")
        for perimeter, members in members_of(work.case).items():
            inside = [row for key, row in rows.items() if key[0] in {*members, f"{INTERACTION}:{perimeter}"}]
            nets[f"{basis}{SEP}{perimeter}"] = sheet.add(
                SEP.join((basis, perimeter, "net")), "GBP", add_up(inside), kind="pence", style="total"
            )
    shown = list((by_basis[0] or nets).values())
    return Annual(lines=by_basis[0], nominal=by_basis[1], net=nets, shown=sheet.block(shown[0], shown[-1]))

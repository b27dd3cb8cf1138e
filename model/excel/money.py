"""Money: what each world costs, what is saved and cashable, and the lines of every scheme; `model.money` row by row."""

from collections.abc import Mapping, Sequence
from typing import Final

from model.case.parameters import PLACEMENT_LINES, PLACEMENTS
from model.case.words import AVOIDANCE, CASHABLE, GENERAL_FUND, INTERACTION, NOMINAL, PARTNER, RECURRING
from model.children.law import RESIDENTIAL
from model.children.points import AT_18, ENTERED, UNDER_18
from model.excel.children import Caseload, World
from model.excel.grid import SEP, Row, total
from model.excel.inputs import write_budget
from model.excel.schemes import Levers
from model.excel.staff import Spent, Work
from model.money.placement_spending import HOMES
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

Saved = dict[Tag, Row]

BELOW: Final = """
gross | saved | GBP | =[saved:sum]
before | spent without it | GBP | =[spent:sum][ours]
under | below the budget | GBP | =MAX(0,MIN(MIN([held],[before])-([before]-[gross]),MAX([gross],0)))
"""
WHOLE_STEPS: Final = """
steps | in whole steps | GBP | =IF([step]>0,
 MIN(INT([under]/MAX([step],deficit_guard_gbp)+rounding_guard)*[step],[under]),[under])
"""
"""`cashability._below_budget` and `_whole_steps`."""
SPLIT: Final = """
cashable | cashable | GBP | =[saved]*[share:year]
avoided | avoided | GBP | =[saved]-[cashable]
"""


class Money:
    """Writes the sheets of spending and splits what is saved."""

    def __init__(self, work: Work, levers: Levers, caseload: Caseload | None) -> None:
        """Write prices, then what the do-nothing world costs."""
        self._work, self._levers, self._caseload = work, levers, caseload
        book = work.book
        self._sheet = book.sheet("Spending", book.months)
        self._sheet.title(
            "Spending, by month, real",
            "Children on average over the month x price x weeks; entries and exits x cost each.",
        )
        self._split = book.sheet("Cashable", book.years)
        self._split.title(
            "What is cashable, by financial year, real",
            "A saving is cashable as far as it takes spending below the approved "
            "budget, in whole contract steps; costs it causes take the same part.",
        )
        self._budgets: dict[tuple[str, bool], Row | None] = {}
        self._made: dict[frozenset[str], Saved] = {}
        if caseload is None:
            return
        self._sheet.section("Prices")
        self._prices = {
            p: self._sheet.add(f"{line}: price a week", "GBP/week", f"={self._price(p, 'year')}")
            for p, line in PLACEMENT_LINES.items()
        }
        self._nothing = self._spending(caseload.nothing, (), "Do nothing")
        self._split.section("One whole contract step")
        self._steps = {
            line: self._split.add(
                f"{line}: a year of one step", "GBP",
                f"=cashable.contract_step_{p}*{self._price(p, 'year_no')}*weeks_per_year{self._ours(line)}",
            )
            for p, line in PLACEMENT_LINES.items()
            if f"cashable.contract_step_{p}" in book.stated
        }  # fmt: skip

    def _price(self, placement: str, year: str) -> str:
        common = self._work.book.optional(PRICE_GROWTH, "0")
        growth = self._work.book.optional(PRICE_GROWTH_OF[placement], common)
        weekly = self._work.book.optional(f"price.{placement}_weekly", "0")
        return f"{weekly}*(1+{growth})^({self._work.book.time[year]}-1)"

    def _partner(self, line: str) -> str:
        """Return the name of the share of a placement line that a partner pays, where one does."""
        found = (f"partner.share_{p}" for p, own in PLACEMENT_LINES.items() if own == line)
        return next((name for name in found if name in self._work.book.stated), "")

    def _ours(self, line: str) -> str:
        return f"*(1-{self._partner(line)})" if self._partner(line) else ""

    def _spending(self, world: World, acting: Sequence[str], title: str) -> dict[str, Row]:
        """`placement_spending` and `Evaluation.spending`: price x children x time, own homes, and events."""
        self._sheet.section(title)
        add, weekly, terms = self._sheet.add, self._work.book.time["weekly"], self._levers.terms
        now = [terms[name] for name in terms if name in acting]
        mean = {
            p: add(f"{line}: children on average", "children", f"=AVERAGE({world.outs[i]:prev},{world.outs[i]})")
            for i, (p, line) in enumerate(PLACEMENT_LINES.items())
        }
        lines: dict[str, list[str]] = {}
        for p, line in PLACEMENT_LINES.items():
            bought = f"{mean[p]}"
            if p == PLACEMENTS[RESIDENTIAL] and (beds := [own.homes[0] for own in now if own.homes]):
                bought = f"({bought}-MIN({total(beds)},{bought}))"
            left = "".join(f"*{own.left[p]}" for own in now if p in own.left)
            lines[line] = [f"{bought}*{self._prices[p]}*{weekly}{left}"]
        if any(own.homes for own in terms.values()):
            lines[HOMES] = [f"{own.homes[1]}" for own in now if own.homes] or ["0"]
        for name, own in terms.items():
            for line, *each in own.per_child:
                row = each[name in acting]
                children = f"({total(mean[p] for p in own.of)})"
                lines.setdefault(line, []).append(f"{row}*{children}" if row else "0")
        for line, count, cost in (
            (ENTRY_LINE, world.outs[ENTERED], "cost.entry"), (EXIT_LINE, world.outs[UNDER_18], "cost.exit_under_18"),
            (EIGHTEEN_LINE, world.outs[AT_18], "cost.exit_at_18"), (SUPPORT_LINE, world.kept, "cost.diverted_child"),
        ):  # fmt: skip
            lines[line] = [f"{count}*{self._work.book.optional(cost, '0')}" if count else "0"]
        return {line: add(line, "GBP", f"={'+'.join(parts)}") for line, parts in lines.items()}

    def _budget(self, line: str, *, caseload: bool) -> Row | None:
        """Return the approved budget of a line, written once: one of the caseload may follow its opening children."""
        if (line, caseload) not in self._budgets:
            opening, growth = "0", "0"
            if caseload:
                growth = self._work.book.optional("cashable.budget_growth_real_annual", "0")
            if caseload and self._caseload and line in PLACEMENT_LINES.values():
                i = list(PLACEMENT_LINES.values()).index(line)
                weekly = self._work.book.optional(f"price.{PLACEMENTS[i]}_weekly", "0")
                opening = f"{self._caseload.nothing.outs[i]:open}*{weekly}*weeks_per_year{self._ours(line)}"
            self._budgets[line, caseload] = write_budget(self._work.book, self._work.case, line, opening, growth)
        return self._budgets[line, caseload]

    def meeting(self, names: Sequence[str]) -> list[str]:
        """`Evaluation.meeting`: which of some schemes change the children or what these cost."""
        return [n for n in names if n in self._levers.acting or n in self._levers.terms]

    def saved(self, names: Sequence[str], title: str) -> Saved:
        """`Evaluation.saving`: what some schemes together save on the caseload's lines, by nature."""
        acting = self.meeting(names)
        if not acting or self._caseload is None:
            return {}
        if frozenset(acting) not in self._made:
            after = self._spending(self._caseload.world(acting), acting, title)
            lines = [Spent(line=line, before=row, after=after[line]) for line, row in self._nothing.items()]
            self._made[frozenset(acting)] = self.split(lines, title, caseload=True)
        return self._made[frozenset(acting)]

    def split(self, lines: Sequence[Spent], title: str, *, caseload: bool) -> Saved:
        """`cashability.split_saving`: shares by financial year, then applied month by month."""
        yearly, monthly = self._split, self._sheet
        yearly.section(title)
        saved, shares = [], []
        for s in lines:
            kept = f"=({s.before}{f'-{s.after}' if s.after else ''}){self._ours(s.line)}"
            saved.append(monthly.add(f"{title}: saved, {s.line}", "GBP", kept))
            shares.append(self._below(s, saved[-1], caseload=caseload))
        cash = yearly.add("Cashable on lines that save", "GBP", "=" + total(below for _, below in shares if below))
        positive = yearly.add("Saved on lines that save", "GBP", "=" + "+".join(f"MAX({g},0)" for g, _ in shares))
        common = yearly.add("Part of it that is cashable", "share", f"=IF({positive}>0,{cash}/{positive},0)")
        found: Saved = {}
        for s, month, (gross, below) in zip(lines, saved, shares, strict=True):
            part = f"{below}/IF({gross}>0,{gross},1)" if below else "0"
            share = yearly.add(f"{s.line}: part cashable", "share", f"=IF({gross}>0,{part},{common})")
            made = monthly.rows(SPLIT, {"saved": month, "share": share}, called=f"{title}: {s.line}")
            found[Tag(s.line, CASHABLE, RECURRING, s.purse)] = made["cashable"]
            found[Tag(s.line, AVOIDANCE, RECURRING, s.purse)] = made["avoided"]
            if self._partner(s.line):
                theirs = monthly.add(
                    f"{title}: partner's, {s.line}", "GBP", f"=({s.before}-{s.after})*{self._partner(s.line)}"
                )
                found[Tag(s.line, AVOIDANCE, RECURRING, PARTNER)] = theirs
        return found

    def _below(self, s: Spent, saved: Row, *, caseload: bool) -> tuple[Row, Row | None]:
        """Return what a line saves by year, and how much of it lies below the budget that it has."""
        held = self._budget(s.line, caseload=caseload) if s.purse == GENERAL_FUND else None
        if held is None:
            return self._split.add(f"{s.line}: saved (no budget is held)", "GBP", f"={saved:sum}"), None
        names = {"saved": saved, "spent": s.before, "held": held, "ours": self._ours(s.line)}
        made = self._split.rows(BELOW, names, called=s.line)
        under = made["under"]
        if caseload and s.line in self._steps:
            under = self._split.rows(WHOLE_STEPS, {**made, "step": self._steps[s.line]}, called=s.line)["steps"]
        return made["gross"], under


def write_lines(work: Work, money: Money) -> None:
    """Fill `work.lines`: each scheme alone (`Evaluation.standalone`), and each perimeter's interaction."""
    for spec in work.case.active_schemes:
        found = [money.saved([spec.name], spec.title)]
        if work.spent[spec.name]:
            found.append(money.split(work.spent[spec.name], f"{spec.title}, its own lines", caseload=False))
        for tag, row in ((tag, row) for saved in found for tag, row in saved.items()):
            work.lines.setdefault((spec.name, tag), []).append(row)
    for perimeter, members in members_of(work.case).items():
        meeting = money.meeting(members)
        if len(meeting) > 1:
            _interaction(work, money, perimeter, meeting)


def _interaction(work: Work, money: Money, perimeter: str, meeting: Sequence[str]) -> None:
    """`portfolio._as_interaction`: together less apart, by nature and purse."""
    joint, apart = money.saved(meeting, " and ".join(meeting)), [money.saved([n], n) for n in meeting]
    for nature, purse in dict.fromkeys((tag.nature, tag.funding) for tag in joint):

        def of(saved: Saved, nature: str = nature, purse: str = purse) -> list[Row]:
            return [row for tag, row in saved.items() if (tag.nature, tag.funding) == (nature, purse)]

        minus = "-".join(f"{row}" for saved in apart for row in of(saved))
        row = work.sheet.add(f"Interaction in {perimeter}: {nature}, {purse}", "GBP", f"={total(of(joint))}-{minus}")
        work.line(f"{INTERACTION}:{perimeter}", row, INTERACTION, nature, RECURRING, purse)


def write_monthly_lines(work: Work, dearer: Mapping[str, Row]) -> dict[tuple[str, Tag], Row]:
    """Write every line by month; what a scheme costs is dearer by its optimism bias (`portfolio.costs_of`)."""
    sheet = work.book.sheet("Lines", work.book.months)
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
        cost = tag.nature not in {CASHABLE, AVOIDANCE} and owner in dearer
        formula = f"=({total(rows)})*{dearer[owner]:const}" if cost else f"={total(rows)}"
        found[whose, tag] = sheet.add(
            SEP.join((owner, tag.line, tag.nature, tag.recurrence, tag.funding)), "GBP", formula
        )
    return found


def write_annual(
    work: Work, lines: Mapping[tuple[str, Tag], Row], basis: str
) -> tuple[dict[tuple[str, Tag], Row], dict[str, Row]]:
    """`results.annual`: every line by financial year to the penny, and each perimeter's net; return both.

    A line that several purses pay for is rounded as one; its first purse takes what rounding leaves.
    """
    book = work.book
    sheet = book.sheets.get("Annual lines") or book.sheet("Annual lines", book.years)
    if not sheet.at:
        sheet.title(
            "Every line by financial year, to the penny",
            "As annual.csv shows them: a cost is minus; net is the sum of the lines shown.",
        )
    level = f"*{book.time['level']}" if basis == NOMINAL else ""
    sheet.section(f"Lines, {basis}")
    merged: dict[tuple[str, ...], list[tuple[str, Tag]]] = {}
    for owner, tag in lines:
        merged.setdefault((owner, tag.line, tag.nature, tag.recurrence), []).append((owner, tag))
    parts: dict[tuple[str, Tag], Row] = {}
    shown: dict[tuple[str, ...], Row] = {}
    for key, purses in merged.items():

        def in_pence(rows: Sequence[Row]) -> str:
            return f"ROUND(({total(rows, 'sum')}){level},pence)"

        whole = shown[key] = sheet.add(
            SEP.join((basis, *key)), "pounds and pence", f"={in_pence([lines[p] for p in purses])}"
        )
        parts |= dict.fromkeys(purses, whole)
        if len(purses) > 1:
            others = {
                p: sheet.add(f"of it, {p[1].funding}", "pounds and pence", f"={in_pence([lines[p]])}")
                for p in purses[1:]
            }
            first = sheet.add(
                f"of it, {purses[0][1].funding}",
                "pounds and pence",
                f"={whole}-{'-'.join(f'{o}' for o in others.values())}",
            )
            parts |= {purses[0]: first, **others}
    sheet.section(f"Net, {basis}")
    net = {}
    for perimeter, members in members_of(work.case).items():
        inside = [row for key, row in shown.items() if key[0] in {*members, f"{INTERACTION}:{perimeter}"}]
        net[perimeter] = sheet.add(
            SEP.join((basis, perimeter, "net")), "pounds and pence", f"={total(inside)}", style="total"
        )
    return parts, net

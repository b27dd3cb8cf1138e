"""Children by placement, month by month, in the do-nothing world and in each world of schemes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from model.case.draws import central
from model.case.parameters import PLACEMENT_LINES, PLACEMENTS
from model.case.words import ENTRY_REDUCTION, FOSTERING_GROWTH, LEAVING_SOONER, STEP_DOWN
from model.children.law import IFA, IN_HOUSE, Floats
from model.children.opening import Stream
from model.children.points import OUT
from model.children.streams import Streams
from model.excel.behind import ALL_STAYS, SHORT, Kind, everybody, kept_at_home, left_behind
from model.excel.grid import DECIMALS, Row, total
from model.excel.inputs import EXITS
from model.excel.staff import Names, Work
from model.money.portfolio import evaluate
from model.schemes.base import rate_a_month

OUTS: Final = (*PLACEMENT_LINES.values(), "Entries", "Exits before 18", "Exits at 18")
EACH: Final = "children, each"
"""The unit of what one child leaves behind."""
KEPT: Final = "Children kept at home"
COHORT: Final = "Came in month {}"
ACTING: Final = ((ENTRY_REDUCTION,), (FOSTERING_GROWTH,), (STEP_DOWN, LEAVING_SOONER))
"""The kinds that act on children: fewer enter, more of them in the council's own homes, shorter stays."""
PREVENTED: Final = """
level | level that keeps the number prevented | ratio | !IF(([all_stays])>0,([aimed])/([all_stays]),0)
natural ? .short_stay_share | short stays among its entries | share
 | !IF(([all_stays])>0,([short_stays])/([all_stays]),0)
more ? .short_stay_share | short stays prevented, against all | ratio
 | !IF([natural:const]>0,.short_stay_share/[natural:const],1)
fewer ? .short_stay_share | other stays prevented, against all | ratio
 | !IF([natural:const]<1,(1-.short_stay_share)/(1-[natural:const]),1)
"""
TO_A_PLACEMENT: Final = """
whole_{p} | prevented of those to {name} | share | =MIN([rate]*.weight_{name}?1*[level:const],1)
short_{p} ? .short_stay_share | prevented of short stays | share | =MIN([whole_{p}]*[more:const],1)
other_{p} ? .short_stay_share | prevented of other stays | share | =MIN([whole_{p}]*[fewer:const],1)
"""
"""`levers.shares_prevented` and `short.tilts_by_stay`; twice the weight is twice the share."""
MOVED: Final = """
staying | Moved before and still there | children | =SUMPRODUCT([shares:prev],[there])
arrivals | Came to an agency this month | children | =INDEX([there],[t]+1)
others | Others with an agency | children | =MAX(SUM([there])-[arrivals]-[staying],0)
gap | Places to fill (minus: closed) | children | =[filled]-[staying]
started | Moved on coming | children | =IF(.inflow_limited>0,MIN(MAX([gap],0),.transferring_share*[arrivals]),0)
moved | Moved from an agency's home at once | children | =IF(.inflow_limited>0,0,MIN(MAX([gap],0),[others]+[arrivals]))
starts | Share of those who come | share | =IF([arrivals]>0,[started]/[arrivals],0)
stock | Share of all others | share | =IF([others]+[arrivals]>0,[moved]/([others]+[arrivals]),0)
back | Share of the moved who go back | share | =IF([staying]>0,MAX(-[gap],0)/[staying],0)
children | Children in the new places | children | =[staying]+[started]+[moved]-MAX(-[gap],0) | 0
"""
"""`places.fill`."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A world's rows: `outs` placements, entries, exits before 18 and at 18; `kept` children kept at home.

    `frozen`: Python worked it out, and no row of it moves with the inputs.
    """

    outs: tuple[Row, ...]
    kept: Row | None = None
    frozen: bool = False


class Caseload:
    """Writes the pasted tables and the worlds, each once."""

    def __init__(self, work: Work, streams: Streams) -> None:
        """Work out and paste what children leave behind, then write the do-nothing world."""
        self._work, self._case, self._book, case = work, work.case, work.book, work.case
        self._reducing, self._filling, self._sooner = (
            [n for n in work.made if case.scheme(n).kind in kinds] for kinds in ACTING
        )
        self.acting = (*self._reducing, *self._filling, *self._sooner)
        middle = central(case)
        self._months, self._exits = case.timeline.months, float(middle.optional(EXITS, 1.0)[0])
        fades = {n: float(rate_a_month(middle.optional(f"{n}.fade_annual", 0.0))[0]) for n in self._reducing}
        aims = {n: (case.scheme(n).ages, fade) for n, fade in fades.items()}
        short = any(f"{n}.short_stay_share" in case.assumptions for n in aims)
        self._stream = streams.general
        self._kinds = list(kept_at_home(self._stream, self._exits, aims, short=short))
        self._pasted = self._book.sheet(
            "Children tables",
            "Children tables: pasted from Python",
            "How long children stay is fitted to the council's figures in Python; change it there and make this again.",
            "Rows of one entrant run backwards: the last column is the month of entry, the one before it the next, "
            "so that a row of entrants and its row here multiply cell by cell.",
            periods=self._book.months,
        )
        self._paste_targets()
        self._sheet = self._book.sheet(
            "Children",
            "Children at each month's end, and who enters and leaves",
            "Opening children still there, plus entries, less prevented, plus returned, each times what one entrant "
            "leaves behind.",
            periods=self._book.months,
        )
        behind = partial(left_behind, exit_scale=self._exits, months=self._months)
        kinds = [everybody(self._stream), *self._kinds]
        outs, came = behind(self._stream, kinds=kinds, agency=bool(self._filling))
        self.nothing, self._one = self._do_nothing("Do nothing", self._stream, outs[..., :2])
        self._responses = self._paste_kept(outs[..., 2:]) if self._kinds else []
        self._shares = {n: self._prevented(n) for n in self._reducing}
        if self._filling:
            self._paste_stays(came)
        if streams.uasc.opening.any() or streams.uasc.entries_annual.any():
            outs, _ = behind(streams.uasc, kinds=[everybody(streams.uasc)])
            self._do_nothing("Unaccompanied children, in every world", streams.uasc, outs)
        self.worlds: dict[tuple[str, ...], World] = {(): self.nothing}

    def _paste_targets(self) -> None:
        """Paste what the tables were fitted to: children, entries and exits as the case states them."""
        self._pasted.section("What they were fitted to, as caseload.csv states it", "a year")
        for row in self._case.caseload:
            stated = {"children": row.children, "entries": row.entries_annual, "exits": row.exits_annual}
            for what, value in stated.items():
                if value is not None:
                    label = f"{row.age_band}, {row.placement}, {row.stream}: {what}"
                    self._pasted.add(label, "children", const=float(value), style="pasted")

    def _do_nothing(self, title: str, stream: Stream, behind: Floats) -> tuple[World, Row]:
        """`points.project_points` without levers: opening + entrants a month x what one leaves behind.

        Returned with the row whose constant holds the entrants a year. `behind`: of both, (months, out, 2).
        """
        paste = self._pasted
        paste.section(f"{title}: entrants, and what one average entrant leaves behind", "backwards")
        one = paste.add("Entrants a year, all ages and placements", "children/year",
                        const=everybody(stream).entrants, style="pasted")  # fmt: skip
        entrant = [paste.add(name, EACH, behind[::-1, i, 1], style="pasted") for i, name in enumerate(OUTS)]
        paste.section(f"{title}: opening children still there, and those of them who leave")
        first = [*map(float, stream.opening.sum(axis=(0, 1))), 0.0, 0.0, 0.0]
        self._sheet.section(title)
        outs = []
        for i, name in enumerate(OUTS):
            there = paste.add(name, "children", behind[:, i, 0], before=first[i], style="pasted")
            formula = f"={there}+{one:const}/months_a_year*{self._folded(self._book.shared['scale'], entrant[i])}"
            outs.append(self._sheet.add(name, "children", formula, before=f"={there:open}"))
        return World(outs=tuple(outs)), one

    def _folded(self, who: Row, table: Row) -> str:
        """Return the sum over months so far of who came x what they leave behind now (`points._convolved`)."""
        t = self._book.shared["t"]
        window = f"INDEX({table:all},1,months-{t}+1):INDEX({table:all},ROWS({table:all}),months)"
        return f"SUMPRODUCT({who:upto},{window})"

    def _paste_kept(self, behind: Floats) -> list[Row]:
        """Paste what a child kept at home adds, a block of rows for each placement and flow, a row for each kind."""
        blocks = []
        for out, name in enumerate(OUTS):
            self._pasted.section(f"What one child kept at home adds to: {name}", "backwards; minus: not there")
            first = self._pasted.at
            for kind, added in zip(self._kinds, behind[::-1, out].T, strict=True):
                self._pasted.add(kind.label, EACH, added, const=kind.entrants, style="pasted")
            blocks.append(self._pasted.since(first))
        return blocks

    def _entrants(self, kind: Kind) -> str:
        """Return the cell of the entrants a year of a kind, beside its response."""
        return f"{self._responses[0][self._kinds.index(kind)]:const}"

    def _prevented(self, n: str) -> dict[str, Row]:
        """Write the share prevented of all entries to a placement, of short stays and of others."""
        self._sheet.section(f"{n}: which entries are prevented")
        entrants: dict[str, list[str]] = {ALL_STAYS: [], SHORT: [], "aimed": []}
        mine = [kind for kind in self._kinds if kind.scheme == n]
        for kind in mine:
            cell, weight = self._entrants(kind), f".weight_{PLACEMENTS[kind.placement]}?1"
            entrants[kind.stays].append(f"{cell}*{weight}")
            if kind.stays == ALL_STAYS:
                entrants["aimed"].append(f"{cell}*IF({weight}>0,1,0)")
        names: Names = {k.replace(" ", "_"): "+".join(some) or "0" for k, some in entrants.items()}
        to = sorted({kind.placement for kind in mine})
        listing = PREVENTED + "".join(TO_A_PLACEMENT.format(p=p, name=PLACEMENTS[p]) for p in to)
        return self._sheet.rows(listing, names | {"rate": self._work.made[n]["rate"]}, who=n)

    def world(self, names: Sequence[str]) -> World:
        """Return the world of some schemes: written once, live wherever the sheets can follow it."""
        acting = tuple(n for n in self.acting if n in names)
        if acting not in self.worlds:
            title = f"With {' and '.join(acting)}"
            self._sheet.section(title)
            filling = [n for n in self._filling if n in acting]
            frozen = len(filling) > 1 or any(n in acting for n in self._sooner)
            self.worlds[acting] = self._frozen(acting) if frozen else self._live(acting, filling, title)
        return self.worlds[acting]

    def _frozen(self, acting: Sequence[str]) -> World:
        """Paste a world in which stays depend on the month, or two schemes fill places: only Python can work it out."""
        world = evaluate(self._case, central(self._case), cells=False).world(acting)
        counts = [*np.moveaxis(world.stock[1:, :, 0], 1, 0), world.entries[:, 0], world.exits_under_18[:, 0],
                  world.exits_at_18[:, 0]]  # fmt: skip
        outs = (
            self._sheet.add(name, "children", count, before=f"={same:open}", style="pasted")
            for name, count, same in zip(OUTS, counts, self.nothing.outs, strict=True)
        )
        kept = self._sheet.add(KEPT, "children", world.diverted[:, 0], style="pasted")
        return World(outs=tuple(outs), kept=kept, frozen=True)

    def _live(self, acting: Sequence[str], filling: Sequence[str], title: str) -> World:
        """`points.project_points`, and `places.filling` child for child."""
        flows = self._flows(acting) if self._kinds and any(n in self._reducing for n in acting) else None
        more = [f"+{self._folded(flows, response)}" for response in self._responses] if flows else [""] * OUT
        outs = [
            self._sheet.add(name, "children", f"={same}{added}", before=f"={same:open}")
            for name, same, added in zip(OUTS, self.nothing.outs, more, strict=True)
        ]
        kept = self._sheet.add(KEPT, "children", f"=SUM({flows})") if flows else None
        for name in filling:
            moved = self._moved(name, flows, title)
            for i, sign in ((IN_HOUSE, "+"), (IFA, "-")):
                outs[i] = self._sheet.add(f"{OUTS[i]}, with those moved", "children", f"={outs[i]}{sign}{moved}",
                                          before=f"={self.nothing.outs[i]:open}")  # fmt: skip
        return World(outs=tuple(outs), kept=kept)

    def _flows(self, acting: Sequence[str]) -> Row:
        """`points._kept_at_home`: effects combine as (1 - e1)(1 - e2), and those kept are shared out by effect."""
        first = self._sheet.at
        for kind in self._kinds:
            self._sheet.add(f"Kept at home by {kind.label}", "children", f"={self._flow(kind, acting)}")
        return self._sheet.since(first)

    def _flow(self, kind: Kind, acting: Sequence[str]) -> str:
        if kind.scheme not in acting:
            return "0"
        together = [self._shares[n] for n in (kind.scheme, *(other for other in kind.others if other in acting))]
        whole, short, other = ([own.get(f"{what}_{kind.placement}", own[f"whole_{kind.placement}"]) for own in together]
                               for what in ("whole", "short", "other"))  # fmt: skip
        brief, others = (f"(1-{'*'.join(f'(1-{share})' for share in shares)})" for shares in (short, other))
        part = f"*IF({total(whole)}>0,{whole[0]}/({total(whole)}),0)" if len(whole) > 1 else ""
        prevented = f"({brief}-{others})" if kind.stays == SHORT else others
        return f"{self._book.shared['scale']}*{self._entrants(kind)}/months_a_year*{prevented}{part}"

    def _paste_stays(self, behind: Floats) -> None:
        """Paste how long those stay who came to an agency's homes in one month; write who they are without schemes.

        `behind`: who is with an agency by when they came there, (months + 1, months, 2 + kinds).
        """
        months = self._months
        pasted = self._book.sheet(
            "Agency stays",
            "Agency stays: pasted from Python",
            "How many children who came to an agency's homes in one month are still there later; a child who moves to "
            "a council's home keeps the stay it would have had.",
            periods=self._book.months,
        )
        blocks = []
        for title, labels, ones in (
            ("One average entrant", [""], behind[1:, :, 1:2]),
            ("One child kept at home", [f": {kind.label}" for kind in self._kinds], behind[1:, :, 2:]),
        ):
            pasted.section(f"{title}, still there so many months after coming", "backwards; a row for each kind")
            first = pasted.at
            for later in range(months):
                for k, label in enumerate(labels):
                    numbers = np.trim_zeros(ones[months - later - 1 :: -1, later, k].round(DECIMALS), "f")
                    pasted.add(f"{later} months after coming{label}", EACH, numbers, style="pasted",
                               begins=months - len(numbers))  # fmt: skip
            blocks.append(pasted.since(first))
        entrant, self._stays = blocks
        pasted.section("Opening children, and those of them who come later, by the month of coming (0: there already)")
        there = [
            pasted.add(COHORT.format(c), "children", still[: months - max(c - 1, 0)], style="pasted",
                       begins=max(c - 1, 0))
            for c, still in enumerate(behind[..., 0])
        ]  # fmt: skip
        self._sheet_of_agency = self._book.sheet(
            "Agency children",
            "Children with an agency by the month in which they came, and how many of them move to the council's homes",
            "A row begins in the month in which its children come.",
            periods=self._book.months,
        )
        scale, each = self._book.shared["scale"], f"{self._one:const}/months_a_year"
        self._agency = self._cohorts(
            "If nothing is done", "children",
            lambda c, own: f"={there[c]}" + (f"+{each}*{self._came(scale, entrant, own)}" if c else ""),
        )  # fmt: skip

    def _cohorts(self, title: str, unit: str, formula: Callable[[int, Row], str]) -> Row:
        """Write a row for each month of coming, from that month on; `formula` of the month and its own row."""
        sheet = self._sheet_of_agency
        sheet.section(title)
        first = sheet.at
        for c in range(self._months + 1):
            own = Row(sheet, sheet.at, sheet.at)
            sheet.add(COHORT.format(c), unit, formula(c, own), const=float(c), begins=max(c - 1, 0))
        return sheet.since(first)

    def _came(self, who: Row, stays: Row, cohort: Row) -> str:
        """Return those of `who` (a row for each kind) who came to an agency in a cohort's month and are still there."""
        came, later = f"{cohort:const}", f"({self._book.shared['t']}-{cohort:const})"
        until = f"INDEX({who:all},1,1):INDEX({who:all},ROWS({who:all}),{came})"
        top, bottom = (f"INDEX({stays:all},({later}+{i})*ROWS({who:all})+{1 - i},{column})"
                       for i, column in ((0, f"months-{came}+1"), (1, "months")))  # fmt: skip
        return f"SUMPRODUCT({until},{top}:{bottom})"

    def _moved(self, name: str, flows: Row | None, title: str) -> Row:
        """Write how new places fill (`places.fill`), each cohort of agency children by itself; return children moved.

        All children who came to an agency in one month have been moved in the same share, whatever their ages.
        """
        sheet, t, there = self._sheet_of_agency, self._book.shared["t"], self._agency
        if flows:
            there = self._cohorts(
                f"{title}: children with an agency", "children",
                lambda c, own: f"={self._agency[c]}" + (f"+{self._came(flows, self._stays, own)}" if c else ""),
            )  # fmt: skip
        sheet.section(f"{title}: how the places fill")
        below = sheet.at + MOVED.count("\n") + 1  # the shares moved, beneath their own heading
        shares = Row(sheet, below, below + self._months)
        names = {"there": there, "filled": self._work.made[name]["filled"], "shares": shares}
        made = sheet.rows(MOVED, names, who=name)
        stock, back, starts = made["stock"], made["back"], made["starts"]
        self._cohorts(
            f"{title}: share moved of those who came in each month", "share",
            lambda _, own: f"=IF({t}={own:const},{starts},0)+{own:prev}*(1-{back})+{stock}*(1-{own:prev})",
        )  # fmt: skip
        return made["children"]

"""Children by placement, month by month, in the do-nothing world and in each world of schemes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.case.parameters import PLACEMENT_LINES, PLACEMENTS
from model.children.law import IFA, IN_HOUSE
from model.children.points import OUT
from model.excel.behind import ALL_STAYS, SHORT, behind, kept_at_home
from model.excel.grid import FIRST, Row
from model.excel.inputs import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.case.records import Case
    from model.children.law import Floats
    from model.children.streams import Streams
    from model.excel.behind import Kept
    from model.excel.grid import Book
    from model.excel.inputs import Calendar

OUTS = (*PLACEMENT_LINES.values(), "Entries", "Exits before 18", "Exits at 18")


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """An entry reduction's rows: its rate a month, and what its assumptions say."""

    name: str
    ages: Sequence[str]
    fade: float
    rate: Row
    short_share: str


@dataclass(frozen=True, kw_only=True)
class Places:
    """A fostering scheme's row of filled places, and its two assumptions."""

    name: str
    filled: Row


@dataclass(frozen=True, kw_only=True)
class World:
    """A world's rows: `outs` placements, entries, exits before 18 and at 18; `kept` children kept at home."""

    outs: tuple[Row, ...]
    kept: Row | None


class Caseload:
    """Writes the pasted tables and the worlds."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a caseload rests on
        self, book: Book, case: Case, cal: Calendar, scale: Row, streams: Streams, reductions: Sequence[Reduction],
        places: Sequence[Places],
    ) -> None:  # fmt: skip
        """Work out and paste what children leave behind, then write the do-nothing world."""
        self._book, self._case, self._cal, self._places, self._worlds = book, case, cal, places, 0
        self._reductions = {r.name: r for r in reductions}
        self._pasted = book.monthly("Children tables")
        self._pasted.title(
            "Children tables: pasted from Python",
            "How long children stay is fitted to the council's figures in Python; change it there and make this again.",
            "Rows of one entrant run backwards: the last column is the month of entry, the one before it the next, "
            "so that a row of entrants and its row here multiply cell by cell.",
        )
        months, exits = case.timeline.months, case.assumptions["caseload.exits_multiplier"].value
        aims = {r.name: (r.ages, r.fade) for r in reductions}
        short = any(r.short_share for r in reductions)
        self._kept: list[Kept] = kept_at_home(
            streams.general, exits, months, aims, short=short, moves=bool(places)
        ) if aims else []  # fmt: skip
        self._tables = behind(streams.general, exits, months, moves=bool(places))
        self._sheet = book.monthly("Children")
        self._sheet.title(
            "Children at each month's end, and who enters and leaves",
            "Opening children still there, plus "
            "entries, less prevented, plus returned, each times what one entrant leaves behind.",
        )
        self.scale, self.worlds = scale, dict[tuple[str, ...], World]()
        self._opening = self._paste_opening(self._tables.opening, self._tables.first)
        self._entrant = self._paste_backwards("What one average entrant leaves behind", self._tables.entrant)
        self._one = self._pasted.add(
            "Entrants a year, all ages and placements", "children/year", const=self._tables.entrants, style="pasted"
        )
        self._responses = [self._paste_kept(out) for out in range(OUT)] if self._kept else []
        self.nothing = self._do_nothing("Do nothing", self._opening, self._entrant, self._one)
        self._tilts = {r: self._targeting(r) for r in self._reductions}
        self._shares = {key: row for r in self._reductions for key, row in self._prevented(r).items()}
        self._others, self._brief = self._by_stay(shorter=False), self._by_stay(shorter=True)
        if places:
            self._stays = book.monthly("Agency stays")
            self._paste_stays()
        self.unaccompanied: World | None = None
        if streams.uasc.opening.any() or streams.uasc.entries_annual.any():
            uasc = behind(streams.uasc, exits, months, moves=False)
            opening = self._paste_opening(uasc.opening, uasc.first, "Unaccompanied: ")
            entrant = self._paste_backwards("What one unaccompanied entrant leaves behind", uasc.entrant)
            one = self._pasted.add(
                "Unaccompanied entrants a year", "children/year", const=uasc.entrants, style="pasted"
            )
            self.unaccompanied = self._do_nothing("Unaccompanied children, in every world", opening, entrant, one)

    def _paste_opening(self, opening: Floats, first: Floats, who: str = "") -> list[Row]:
        self._pasted.section(f"{who}opening children still there, and those of them who leave")
        before = [*map(float, first), 0.0, 0.0, 0.0]
        return [
            self._pasted.add(f"{who}{name}", "children", opening[:, i], before=before[i], style="pasted")
            for i, name in enumerate(OUTS)
        ]

    def _paste_backwards(self, title: str, table: Floats) -> list[Row]:
        self._pasted.section(title, "backwards")
        return [self._pasted.add(name, "children", table[::-1, i], style="pasted") for i, name in enumerate(OUTS)]

    def _paste_kept(self, out: int) -> Row:
        self._pasted.section(
            f"What one child kept at home adds to: {OUTS[out]}", "backwards; minus: they are not there"
        )
        rows = [
            self._pasted.add(self._label(kept), "children", kept.stock[::-1, out], const=kept.entrants, style="pasted")
            for kept in self._kept
        ]
        return self._pasted.block(rows[0])

    def _label(self, kept: Kept) -> str:
        also = f", also aimed at by {' and '.join(kept.others)}" if kept.others else ""
        return f"{kept.scheme}: {PLACEMENTS[kept.placement]}{also}{' (short stays)' if kept.stays == SHORT else ''}"

    def _folded(self, who: Row, table: Row) -> str:
        """Return the sum over months so far of who came x what they leave behind now (`points._convolved`)."""
        window = f"INDEX({table:all},1,months-{self._cal.month}+1):INDEX({table:all},ROWS({table:all}),months)"
        return f"SUMPRODUCT({who:upto},{window})"

    def _do_nothing(self, title: str, opening: list[Row], entrant: list[Row], one: Row) -> World:
        """`points.project_points` without levers: opening + entrants a month x what one leaves behind."""
        self._sheet.section(title)
        outs = tuple(
            self._sheet.add(
                name,
                "children",
                f"={opening[i]}+{one:const}/months_a_year*{self._folded(self.scale, entrant[i])}",
                before=f"={opening[i]:open}",
            )
            for i, name in enumerate(OUTS)
        )
        return World(outs=outs, kept=None)

    def _targeting(self, name: str) -> dict[int, Row]:
        """`levers.targeted`: twice the weight is twice the share; the number prevented stays the rate's."""
        sheet, found = self._sheet, {}
        entrants: dict[int, float] = {}
        for kept in (k for k in self._kept if k.scheme == name and k.stays != SHORT):
            entrants[kept.placement] = entrants.get(kept.placement, 0.0) + kept.entrants
        sheet.section(f"{name}: which entries are prevented")
        come = [
            sheet.add(f"Entrants a year of its ages: {PLACEMENTS[p]}", "children/year", const=n, style="pasted")
            for p, n in entrants.items()
        ]
        weights = [
            sheet.add(
                f"Weight: {PLACEMENTS[p]}",
                "ratio",
                const=f"={name_of(self._case, f'{name}.weight_{PLACEMENTS[p]}', 1.0)}",
            )
            for p in entrants
        ]
        whose, weight = sheet.block(come[0], come[-1]), sheet.block(weights[0], weights[-1])
        level = sheet.add(
            "Level that keeps the number prevented",
            "ratio",
            const=f"=IF(SUMPRODUCT({whose:const},{weight:const})>0,SUMPRODUCT(--({weight:const}>0),{whose:const})"
            f"/SUMPRODUCT({whose:const},{weight:const}),0)",
        )
        for p, row in zip(entrants, weights, strict=True):
            found[p] = sheet.add(f"Share of the rate: {PLACEMENTS[p]}", "ratio", const=f"={row:const}*{level:const}")
        return found

    def _prevented(self, name: str) -> dict[tuple[str, int], Row]:
        """`levers.shares_prevented`: rate x targeting, at most all."""
        rate = self._reductions[name].rate
        return {
            (name, p): self._sheet.add(
                f"{name}: share prevented, {PLACEMENTS[p]}", "share", f"=MIN({rate}*{tilt:const},1)"
            )
            for p, tilt in self._tilts[name].items()
        }

    def _by_stay(self, *, shorter: bool) -> dict[tuple[str, int], Row]:
        """`short.by_stay`: the share prevented of entries with short stays, or of all others."""
        found = dict(self._shares)
        for name, stated in ((r.name, r.short_share) for r in self._reductions.values() if r.short_share):
            short, usual = (
                "+".join(
                    f"{self._entrants(k):const}*{self._tilts[name][k.placement]:const}"
                    for k in self._kept
                    if k.scheme == name and k.stays == stays
                )
                or "0"
                for stays in (SHORT, ALL_STAYS)
            )
            natural = self._sheet.add(f"{name}: short stays among its entries", "share", const=f"=({short})/({usual})")
            left, right = (f"{stated}", f"{natural:const}") if shorter else (f"(1-{stated})", f"(1-{natural:const})")
            more = self._sheet.add(
                f"{name}: {'short stays' if shorter else 'other stays'} prevented, against all",
                "ratio",
                const=f"=IF({right}>0,{left}/{right},1)",
            )
            for p in self._tilts[name]:
                found[name, p] = self._sheet.add(
                    f"{name}: share prevented of {'short' if shorter else 'other'} stays, {PLACEMENTS[p]}",
                    "share",
                    f"=MIN({self._shares[name, p]}*{more:const},1)",
                )
        return found

    def world(self, names: Sequence[str], title: str) -> World:
        """Write the world of some schemes: `points.project_points`, and `places.filling` child for child."""
        self._sheet.section(title)
        flows = self._flows(names) if any(n in self._reductions for n in names) else None
        more = [f"+{self._folded(flows, response)}" for response in self._responses] if flows else [""] * len(OUTS)
        outs = [
            self._sheet.add(name, "children", f"={self.nothing.outs[i]}" + more[i],
                            before=f"={self.nothing.outs[i]:open}")
            for i, name in enumerate(OUTS)
        ]  # fmt: skip
        kept = self._sheet.add("Children kept at home", "children", f"=SUM({flows})") if flows else None
        for places in (p for p in self._places if p.name in names):
            moved = self._moved(places, flows, title)
            for i, sign in ((IN_HOUSE, "+"), (IFA, "-")):
                outs[i] = self._sheet.add(
                    f"{OUTS[i]}, with those moved",
                    "children",
                    f"={outs[i]}{sign}{moved}",
                    before=f"={self.nothing.outs[i]:open}",
                )
        self.worlds[tuple(names)] = World(outs=tuple(outs), kept=kept)
        return self.worlds[tuple(names)]

    def _flows(self, names: Sequence[str]) -> Row:
        """`points._kept_at_home`: effects combine as (1 - e1)(1 - e2), and those kept are shared out by effect."""
        rows = [
            self._sheet.add(f"Kept at home by {self._label(k)}", "children", self._flow(k, names)) for k in self._kept
        ]
        return self._sheet.block(rows[0])

    def _flow(self, kept: Kept, names: Sequence[str]) -> str:
        if kept.scheme not in names:
            return "=0"
        together = (kept.scheme, *(other for other in kept.others if other in names))
        some = f"={self.scale}*{self._entrants(kept):const}/months_a_year"
        shares = [self._shares[n, kept.placement] for n in together]
        others, brief = (
            self._joint([rows[n, kept.placement] for n in together]) for rows in (self._others, self._brief)
        )
        total = "+".join(f"{share}" for share in shares)
        part = f"*IF({total}>0,{shares[0]}/({total}),0)" if len(shares) > 1 else ""
        return f"{some}*({brief}-({others})){part}" if kept.stays == SHORT else f"{some}*({others}){part}"

    @staticmethod
    def _joint(shares: Sequence[Row]) -> str:
        """Return the share that several prevent together, 1 - (1 - e1)(1 - e2)."""
        if len(shares) == 1:
            return f"{shares[0]}"
        return f"(1-{'*'.join(f'(1-{share})' for share in shares)})"

    def _entrants(self, kept: Kept) -> Row:
        """Return the row of its response, whose constant holds the entrants a year of its kind."""
        return self._responses[0][self._kept.index(kept)]

    def _paste_stays(self) -> None:
        """Paste children with an agency by when they came there: how long one more of them stays."""
        sheet, n = self._stays, len(self._kept)
        sheet.title(
            "Agency stays: pasted from Python",
            "How many children who came to an agency's homes in one month are still there later; a child who moves to "
            "a council's home keeps the stay it would have had.",
        )
        sheet.section(
            "Opening children, and those of them who come to an agency's home later, by the month of coming",
            "month 0: there already",
        )
        months = len(self._book.months)
        first = sheet.at
        for cohort in range(months + 1):
            row = [0.0] * max(cohort - 1, 0) + list(self._tables.arrive_opening[cohort][: months - max(cohort - 1, 0)])
            sheet.add(f"Came in month {cohort}", "children", row, const=float(cohort), style="pasted")
        self._stay_opening = sheet.block(sheet.row_at(first))
        sheet.section(
            "One average entrant, still with an agency so many months after coming there",
            "backwards from the month of entry",
        )
        first = sheet.at
        for later in range(months):
            self._stay(f"{later} months after coming", self._tables.arrive_entrant[:, later], later)
        self._stay_entrant = sheet.block(sheet.row_at(first))
        if n:
            sheet.section(
                "One child kept at home, the same", "backwards; a row for each kind of child, month after month"
            )
            first = sheet.at
            for later in range(months):
                for kept in self._kept:
                    self._stay(f"{later} months after coming: {self._label(kept)}", kept.arrives[:, later], later)
            self._stay_kept = sheet.block(sheet.row_at(first))

    def _stay(self, label: str, since: Floats, later: int) -> None:
        """Paste a row backwards; months that no cohort reaches within the horizon stay empty."""
        row = self._stays.add(label, "children", "")
        for back, number in enumerate(since[: len(since) - later]):
            self._stays.put(row.first, FIRST + len(since) - 1 - back, float(number), "pasted", "factor")

    def _moved(self, places: Places, flows: Row | None, title: str) -> Row:
        """Write how new places fill (`places.fill`), each cohort of agency children by itself; return children moved.

        All children who came to an agency in one month have been moved in the same share, whatever their ages.
        """
        self._worlds += 1
        sheet = self._book.monthly(f"Moved {self._worlds}")
        sheet.title(
            f"Children who move to the council's new foster places. {title}",
            "Each row holds the agency children who came in one month: "
            "how many are still there, and what share of them has been moved.",
        )
        month, n = self._cal.month, len(self._kept)
        sheet.section("Children with an agency, by the month in which they came")
        first = sheet.at
        for cohort in range(len(self._book.months) + 1):
            own = f"{self._stay_opening[cohort]}"
            if cohort:
                later = f"{month}-{sheet.row_at(sheet.at):const}"
                lag = f"months-{sheet.row_at(sheet.at):const}+1"
                come = f"INDEX({self.scale:all},1,1):INDEX({self.scale:all},1,{sheet.row_at(sheet.at):const})"
                own += (
                    f"+{self._one:const}/months_a_year*SUMPRODUCT({come},"
                    f"INDEX({self._stay_entrant:all},{later}+1,{lag}):INDEX({self._stay_entrant:all},{later}+1,months))"
                )
                if flows and n:
                    kept = f"INDEX({flows:all},1,1):INDEX({flows:all},ROWS({flows:all}),{sheet.row_at(sheet.at):const})"
                    own += (
                        f"+SUMPRODUCT({kept},INDEX({self._stay_kept:all},({later})*ROWS({flows:all})+1,{lag})"
                        f":INDEX({self._stay_kept:all},({later}+1)*ROWS({flows:all}),months))"
                    )
            formula = f"=IF({month}<{sheet.row_at(sheet.at):const},0,{own})"
            sheet.add(f"Came in month {cohort}", "children", formula, const=float(cohort))
        there = sheet.block(sheet.row_at(first))
        sheet.section("How the places fill")
        top = sheet.at + 14  # the rows of shares moved begin below these
        shares = Row(sheet.name, top, top + len(self._book.months))
        name = places.name
        staying = sheet.add("Moved before and still there", "children", f"=SUMPRODUCT({shares:prev},{there})")
        arrivals = sheet.add("Came to an agency this month", "children", f"=INDEX({there},{month}+1)")
        others = sheet.add("Others with an agency", "children", f"=MAX(SUM({there})-{arrivals}-{staying},0)")
        gap = sheet.add("Places to fill (minus: closed)", "children", f"={places.filled}-{staying}")
        limited = f"{name}.inflow_limited>0"
        started = sheet.add(
            "Moved on coming", "children", f"=IF({limited},MIN(MAX({gap},0),{name}.transferring_share*{arrivals}),0)"
        )
        moved = sheet.add(
            "Moved from an agency's home at once", "children", f"=IF({limited},0,MIN(MAX({gap},0),{others}+{arrivals}))"
        )
        starts = sheet.add("Share of those who come", "share", f"=IF({arrivals}>0,{started}/{arrivals},0)")
        stock = sheet.add("Share of all others", "share", f"=IF({others}+{arrivals}>0,{moved}/({others}+{arrivals}),0)")
        back = sheet.add("Share of the moved who go back", "share", f"=IF({staying}>0,MAX(-{gap},0)/{staying},0)")
        children = sheet.add(
            "Children in the new places", "children", f"={staying}+{started}+{moved}-MAX(-{gap},0)", before=0.0
        )
        sheet.section("Share moved of those who came in each month")
        while sheet.at < top:
            sheet.at += 1
        for cohort in range(len(self._book.months) + 1):
            now = sheet.row_at(sheet.at)
            on = f"{now:prev}*(1-{back})+{stock}*(1-{now:prev})"
            sheet.add(
                f"Came in month {cohort}",
                "share",
                f"=IF({month}<{now:const},0,IF({month}={now:const},{starts}+{stock},{on}))",
                const=float(cohort),
                before=0.0,
            )
        return children

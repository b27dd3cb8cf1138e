"""What is different since last time: two output folders compared, as text and as a page.

Folders may be a whole `outputs/`, one case, or one scenario; scenarios are paired by their place in the folder.
"""

import json
import sys
from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd

from model.batch.disk import write_whole
from model.batch.store import why_damaged
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Page, render, show
from model.results import provenance as prov
from model.results.outputs import UNREADABLE

STATISTICS: Final = ("central", "mean", "p10", "p90")
METRICS: Final = {
    "npv_gbp": "NPV",
    "npv_cashable_gbp": "NPV, cashable only",
    "pv_investment_gbp": "Present value of investment",
    "pv_savings_gbp": "Present value of savings",
    "bcr": "Benefit-cost ratio",
    "payback_months": "Payback",
    "peak_funding_gbp": "Peak funding requirement",
    "probability_npv_positive": "Chance NPV is above zero",
    "reserve_shortfall_gbp": "Asked of the reserve beyond it",
}
RUN: Final = {
    "commit": "Code (commit)",
    "dirty": "Files changed since that commit",
    "draws": "Draws",
    "seed": "Seed",
    "schemes": "Schemes that act",
    "knowledge_date": "What was known, as at",
    "price_base": "Price base",
}
ABSENT: Final = "absent"
LONGEST: Final = 160  # characters of a text in a terminal


class NotOutputsError(ValueError):
    """A folder that holds no finished scenario."""


class Change(NamedTuple):
    """One thing that is not as it was, in words."""

    kind: str
    what: str
    before: str
    after: str


Facts = dict[tuple[str, str], str]  # (kind, what) -> as it is printed


def compare(old: Path, new: Path) -> dict[str, list[Change]]:
    """Return each scenario in either folder with what changed in it. Raises NotOutputsError naming an empty folder."""
    before, after = _scenarios(old), _scenarios(new)
    empty = [f"{folder}: no finished scenario in it (no {prov.FILE}); expected an outputs folder, one of its cases, or "
             "one scenario" for folder, found in ((old, before), (new, after)) if not found]  # fmt: skip
    if empty:
        raise NotOutputsError("\n".join(empty))
    if len(before) == len(after) == 1:
        before = {next(iter(after)): next(iter(before.values()))}
    return {name: _changes(before.get(name), after.get(name)) for name in dict.fromkeys((*before, *after))}


def _scenarios(folder: Path) -> dict[str, Path]:
    """Return each finished scenario's name (its place in the folder) and where it is."""
    top = folder.resolve().parent == folder.resolve()  # a whole disk is no folder of outputs
    found = sorted(path.parent for path in folder.rglob(prov.FILE)) if folder.is_dir() and not top else []
    return {path.relative_to(folder).as_posix() if path != folder else path.name: path for path in found}


def _changes(old: Path | None, new: Path | None) -> list[Change]:
    if old is None or new is None:
        states = [ABSENT if folder is None else "there" for folder in (old, new)]
        return [Change("Scenario", "The scenario itself", *states)]
    try:
        before, after = _facts(old), _facts(new)
    except UNREADABLE:
        damage = f"a file of {old} or {new} is damaged or of another version; run the scenario again"
        return [Change("Files", "What could be read", "", damage)]
    pairs = [Change(*key, before.get(key, ABSENT), after.get(key, ABSENT)) for key in {**before, **after}]
    damaged = [Change("Files", str(one), "", f"{why}; run it again") for one in (old, new) if (why := why_damaged(one))]
    return damaged + [pair for pair in pairs if pair.before != pair.after]


def _facts(folder: Path) -> Facts:
    """Return all that can be compared of a scenario, headline figures as printed: less differs by the processor."""
    made = prov.read(folder) or {}
    told = {words: made[key] for key, words in RUN.items() if key in made}
    told |= {f"Version of {name}": version for name, version in made.get("versions", {}).items()}
    facts: Facts = {("Run", words): fmt.listed(v) if isinstance(v, list) else str(v) for words, v in told.items()}
    facts |= {("Input files", name): str(digest)[:12] for name, digest in sorted(made["inputs"].items())}
    for name, row in made["assumptions"].items():
        texts = [f"{field} {text}" for field, text in row.items() if isinstance(text, str) and text]
        facts["Assumptions", name] = fmt.quantity(row["value"], row["unit"])
        facts["Assumptions", f"{name}, range"] = fmt.reach(row["low"], row["high"], row["unit"])
        facts["Assumptions", f"{name}, evidence"] = "; ".join(texts)
    for perimeter, found in json.loads((folder / "metrics.json").read_text(encoding="utf-8")).items():
        for metric, title in METRICS.items():
            for statistic in (s for s in STATISTICS if s in found.get(metric, {})):
                printed = _printed(metric, found[metric][statistic])
                facts["Headline figures", f"{perimeter}: {title}, {statistic}"] = printed
    if (folder / "reconciliation.csv").is_file():
        for row in pd.read_csv(folder / "reconciliation.csv", dtype=str, keep_default_na=False).to_dict("records"):
            said = f"{row['recomputed'] or 'none'} ({row['verdict']})"
            facts["Published figures", f"{row['ref']}: {row['statement']}"] = said
    return facts


def _printed(metric: str, value: float | None) -> str:
    if metric.endswith("_months"):
        return fmt.duration(value)
    if value is None:
        return "none"
    if metric.endswith("_gbp"):
        return fmt.pounds(value)
    return fmt.percent(value, 1) if metric.startswith("probability") else fmt.decimal(value, 3)


def sentence(found: dict[str, list[Change]]) -> str:
    """Return in how many scenarios anything changed."""
    changed, whole = sum(bool(changes) for changes in found.values()), fmt.counted(len(found), "scenario")
    return f"Something changed in {changed} of {whole}." if changed else f"Nothing changed in {whole}."


def as_text(found: dict[str, list[Change]]) -> str:
    """Return the differences as text for a terminal."""
    lines = [sentence(found)]
    for name, changes in found.items():
        lines += ["", name] if changes else []
        lines += [f"  {c.kind}: {c.what}: {_one_line(c.before)} -> {_one_line(c.after)}" for c in changes]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def as_html(found: dict[str, list[Change]], about: str) -> str:
    """Return the differences as one self-contained page."""
    columns = ("Kind", "What", "Before", "After")
    tables = [tbl.table(name, f"{name}: what changed", columns, changes) for name, changes in found.items() if changes]
    return render(Page(title="What is different since last time", about=about), show(sentence(found), *tables).html)


def diff_command(old: Path, new: Path, html: Path | None = None) -> int:
    """Print the differences and write them as a page where asked. Return 0, or 2 where a folder holds no outputs."""
    try:
        found = compare(old, new)
    except NotOutputsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"old: {old}\nnew: {new}\n{as_text(found)}")
    if html is not None:
        write_whole(html, as_html(found, f"{old} compared with {new}").encode())
        sys.stdout.write(f"read {html}\n")
    return 0

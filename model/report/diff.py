"""What is different since last time: two output folders compared, as text and as a page.

Folders may be a whole `outputs/`, one case, or one scenario; scenarios are paired by their place in the folder.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from model.batch.disk import write_whole
from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.results import provenance as prov
from model.results.outputs import UNREADABLE

Json = dict[str, Any]

RUN, INPUTS, ASSUMPTIONS = "Run", "Input files", "Assumptions"
HEADLINES, PUBLISHED = "Headline figures", "Published figures"
STATISTICS = ("central", "mean", "p10", "p90")
METRICS = {
    "npv_gbp": "NPV",
    "npv_cashable_gbp": "NPV, cashable only",
    "pv_investment_gbp": "Present value of investment",
    "pv_savings_gbp": "Present value of savings",
    "bcr": "Benefit-cost ratio",
    "payback_months": "Payback",
    "discounted_payback_months": "Discounted payback",
    "peak_funding_gbp": "Peak funding requirement",
    "probability_npv_positive": "Chance NPV is above zero",
    "probability_payback": "Chance of payback",
    "reserve_shortfall_gbp": "Asked of the reserve beyond it",
}
ABSENT, DETAIL = "absent", "\n"


class NotOutputsError(ValueError):
    """A folder that holds no finished scenario."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that is not as it was, in words; `by` says by how much, empty where that means nothing."""

    scenario: str
    kind: str
    what: str
    before: str
    after: str
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What changed between two folders; `unchanged` and `changed` are scenarios in both."""

    old: str
    new: str
    changes: tuple[Change, ...]
    gone: tuple[str, ...]
    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    changed: tuple[str, ...]


def compare(old: Path, new: Path) -> Diff:
    """Compare two output folders. Raises NotOutputsError naming each folder that holds no finished scenario."""
    before, after = _scenarios(old), _scenarios(new)
    empty = [str(folder) for folder, found in ((old, before), (new, after)) if not found]
    if empty:
        raise NotOutputsError(
            "\n".join(f"{folder}: no finished scenario in it (no {prov.FILE}); expected an outputs folder, one of its "
                      "cases, or one scenario" for folder in empty)
        )  # fmt: skip
    if len(before) == len(after) == 1:
        before, after = ({next(iter(after)): next(iter(found.values()))} for found in (before, after))
    both = [name for name in before if name in after]
    changes = tuple(change for name in both for change in _changes(name, before[name], after[name]))
    touched = {change.scenario for change in changes}
    return Diff(
        old=str(old),
        new=str(new),
        changes=changes,
        gone=tuple(name for name in before if name not in after),
        added=tuple(name for name in after if name not in before),
        unchanged=tuple(name for name in both if name not in touched),
        changed=tuple(name for name in both if name in touched),
    )


def _scenarios(folder: Path) -> dict[str, Path]:
    """Return each finished scenario's name (its place in the folder) and where it is."""
    found = (
        sorted(path.parent for path in folder.rglob(prov.FILE))
        if folder.is_dir() and folder.resolve().parent != folder.resolve()
        else []
    )
    return {path.relative_to(folder).as_posix() if path != folder else path.name: path for path in found}


class Shown(NamedTuple):
    """A fact of a scenario as it is printed, the number behind it, and what a difference of two is measured in."""

    words: str
    number: float | None = None
    measure: str = ""


Facts = dict[str, Shown]


def _changes(name: str, old: Path, new: Path) -> Iterator[Change]:
    for kind, read in READERS.items():
        try:
            before, after = read(old), read(new)
        except UNREADABLE:
            before, after = ({"What could be read": Shown(_damage(folder))} for folder in (old, new))
        for what in dict.fromkeys((*before, *after)):
            was, now = before.get(what, Shown(ABSENT)), after.get(what, Shown(ABSENT))
            whole = what.partition(DETAIL)[0]  # a detail of what is wholly absent on one side is no change of its own
            if was.words != now.words and (DETAIL not in what or (whole in before and whole in after)):
                yield Change(scenario=name, kind=kind, what=what.replace(DETAIL, ", "), before=was.words,
                             after=now.words, by=_difference(was, now))  # fmt: skip


def _damage(folder: Path) -> str:
    return f"a file of {folder} is damaged or of another version; run the scenario again"


def _run(folder: Path) -> Facts:
    words = {"commit": "Code (commit)", "dirty": "Files changed since that commit", "draws": "Draws", "seed": "Seed",
             "schemes": "Schemes that act", "knowledge_date": "What was known, as at", "price_base": "Price base",
             "platform": "Platform"}  # fmt: skip
    found = prov.read(folder) or {}
    versions = {f"Version of {name}": Shown(str(v)) for name, v in sorted(found.get("versions", {}).items())}
    return {title: Shown(_plain(found[key])) for key, title in words.items() if key in found} | versions


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return fmt.listed([str(v) for v in value]) if isinstance(value, list) else str(value)


def _files(folder: Path) -> Facts:
    found = (prov.read(folder) or {}).get("inputs", {})
    return {name: Shown(str(found[name])[:12]) for name in sorted(found)}


def _assumptions(folder: Path) -> Facts:
    facts: Facts = {}
    for name, row in (prov.read(folder) or {}).get("assumptions", {}).items():
        for field in ("value", "low", "high"):
            words = fmt.quantity(row[field], row["unit"])
            facts[name if field == "value" else f"{name}{DETAIL}{field}"] = Shown(words, row[field], row["unit"])
        for field in ("distribution", "unit", "price_base", "source", "quality", "impact", "note"):
            facts[f"{name}{DETAIL}{field.replace('_', ' ')}"] = Shown(str(row.get(field)))
    return facts


def _headlines(folder: Path) -> Facts:
    """Return the headline figures as printed: less than that differs by the processor."""
    path = folder / "metrics.json"
    metrics: Json = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {
        f"{perimeter}: {title}, {statistic}": Shown(_printed(metric, found[metric][statistic]),
                                                    found[metric][statistic], metric.rpartition("_")[2])
        for perimeter, found in metrics.items()
        for metric, title in METRICS.items()
        for statistic in STATISTICS
        if statistic in found.get(metric, {})
    }  # fmt: skip


def _printed(metric: str, value: float | None) -> str:
    if metric.endswith("_months"):
        return fmt.duration(value)
    if value is None:
        return "none"
    if metric.endswith("_gbp"):
        return fmt.pounds(value)
    return fmt.percent(value, 1) if metric.startswith("probability") else fmt.ratio(value, 3)


def _difference(was: Shown, now: Shown) -> str:
    if was.number is None or now.number is None or was.measure != now.measure:
        return ""
    moved = now.number - was.number
    if was.measure == "gbp":
        return fmt.pounds(moved, signed=True)
    if was.measure in {"positive", "payback"}:
        return f"{fmt.signed(moved * 100, 1)} points"
    if was.measure == "months":
        return f"{fmt.signed(moved)} {'month' if abs(moved) == 1 else 'months'}"
    if was.measure == "bcr":
        return fmt.signed(moved, 3)
    return f"{fmt.signed(100 * moved / was.number, 1)}%" if was.number else ""


def _verdicts(folder: Path) -> Facts:
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    path = folder / "reconciliation.csv"
    if not path.is_file():
        return {}
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)[["ref", "statement", "recomputed", "verdict"]]
    return {f"{r.ref}: {r.statement}": Shown(f"{r.recomputed or 'none'} ({r.verdict})") for r in views.records(frame)}


READERS: Final = {RUN: _run, INPUTS: _files, ASSUMPTIONS: _assumptions, HEADLINES: _headlines, PUBLISHED: _verdicts}
"""Each kind of fact, in the order in which changes are said."""


def as_text(diff: Diff) -> str:
    """Return the differences as text for a terminal."""
    lines = [f"old: {diff.old}", f"new: {diff.new}", "", _sentence(diff)]
    lines += [f"only in old: {name}" for name in diff.gone] + [f"only in new: {name}" for name in diff.added]
    for name in diff.changed:
        lines += ["", name, "-" * len(name)]
        for kind in READERS:
            found = [c for c in diff.changes if c.scenario == name and c.kind == kind]
            lines += [f"  {kind}:"] * bool(found)
            lines += [f"    {_clipped(c.what)}: {_clipped(c.before)} -> {_clipped(c.after)}{f' ({c.by})' * bool(c.by)}"
                      for c in found]  # fmt: skip
    return "\n".join(lines) + "\n"


def _clipped(text: str) -> str:
    one_line = "".join(c if c.isprintable() else " " for c in text)
    return one_line if len(one_line) <= 160 else f"{one_line[:157]}..."


def _sentence(diff: Diff) -> str:
    if not (diff.changes or diff.gone or diff.added):
        return f"Nothing changed in {fmt.counted(len(diff.unchanged), 'scenario')}."
    return (
        f"{fmt.counted(len(diff.changed), 'scenario')} changed, {len(diff.unchanged)} did not, "
        f"{len(diff.added)} added, {len(diff.gone)} gone."
    ).capitalize()


def as_html(diff: Diff) -> str:
    """Return the differences as one self-contained page."""
    from model.report.look.page import Page, render  # noqa: PLC0415 - text needs no page

    parts = [markup.paragraph(_sentence(diff))]
    lists = (
        ("Only in the old folder", diff.gone),
        ("Only in the new folder", diff.added),
        ("Unchanged", diff.unchanged),
    )
    parts += [f"<h2>{title}</h2>{markup.bullets(names)}" for title, names in lists if names]
    for name in diff.changed:
        parts.append(f"<h2>{markup.escape(name)}</h2>")
        parts += [_table(diff, name, kind).html for kind in READERS if _found(diff, name, kind)]
    page = Page(title="What is different since last time", about=f"{diff.old} compared with {diff.new}")
    return render(page, "\n".join(parts))


def _found(diff: Diff, name: str, kind: str) -> list[Change]:
    return [c for c in diff.changes if c.scenario == name and c.kind == kind]


def _table(diff: Diff, name: str, kind: str) -> tbl.Table:
    found = _found(diff, name, kind)
    rows = [[tbl.text(c.what), tbl.note(c.before), tbl.note(c.after), tbl.text(c.by)] for c in found]
    return tbl.Table(key=f"{name}-{kind}", caption=f"{name}: {kind.lower()}", columns=("What", "Before", "After", "By"),
                     rows=rows, numeric=frozenset({3}))  # fmt: skip


def diff_command(old: Path, new: Path, html: Path | None = None) -> int:
    """Print the differences and write them as a page where asked. Return 0, or 2 where a folder holds no outputs."""
    import sys  # noqa: PLC0415 - only the command line speaks

    try:
        found = compare(old, new)
    except NotOutputsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(as_text(found))
    if html is not None:
        write_whole(html, as_html(found).encode())
        sys.stdout.write(f"read {html}\n")
    return 0

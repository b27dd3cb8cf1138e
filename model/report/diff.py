"""What is different since last time: two output folders compared, as text and as a page.

Folders may be a whole `outputs/`, one case, or one scenario; scenarios are paired by their place in the folder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model.batch.disk import write_whole
from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.results import provenance as prov
from model.results.outputs import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Json = dict[str, Any]

RUN, INPUTS, ASSUMPTIONS = "Run", "Input files", "Assumptions"
HEADLINES, PUBLISHED = "Headline figures", "Published figures"
KINDS = (RUN, INPUTS, ASSUMPTIONS, HEADLINES, PUBLISHED)
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
ABSENT = "absent"


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
    found = sorted(path.parent for path in folder.rglob(prov.FILE)) if folder.is_dir() else []
    return {path.relative_to(folder).as_posix() if path != folder else path.name: path for path in found}


def _changes(name: str, old: Path, new: Path) -> Iterator[Change]:
    before, after = prov.read(old) or {}, prov.read(new) or {}
    for kind, pairs in (
        (RUN, _run(before, after)),
        (INPUTS, _files(before, after)),
        (ASSUMPTIONS, _assumptions(before.get("assumptions", {}), after.get("assumptions", {}))),
        (HEADLINES, _headlines(old / "metrics.json", new / "metrics.json")),
        (PUBLISHED, _verdicts(old, new)),
    ):
        try:
            rows = list(pairs)
        except UNREADABLE:
            rows = [("What could be read", _damage(old), _damage(new), "")]
        for what, was, now, by in rows:
            yield Change(scenario=name, kind=kind, what=what, before=was, after=now, by=by)


def _damage(folder: Path) -> str:
    return f"a file of {folder} is damaged or of another version; run the scenario again"


Row = tuple[str, str, str, str]


def _json(path: Path) -> Json:
    found: Json = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _run(before: Json, after: Json) -> Iterator[Row]:
    words = {"commit": "Code (commit)", "dirty": "Files changed since that commit", "draws": "Draws", "seed": "Seed",
             "schemes": "Schemes that act", "knowledge_date": "What was known, as at", "price_base": "Price base",
             "platform": "Platform"}  # fmt: skip
    for key, title in words.items():
        if before.get(key) != after.get(key):
            yield title, _plain(before.get(key)), _plain(after.get(key)), ""
    old, new = before.get("versions", {}), after.get("versions", {})
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"Version of {name}", _plain(old.get(name)), _plain(new.get(name)), ""


def _plain(value: object) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    return fmt.listed([str(v) for v in value]) if isinstance(value, list) else str(value)


def _files(before: Json, after: Json) -> Iterator[Row]:
    old, new = before.get("inputs", {}), after.get("inputs", {})
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield name, str(old.get(name, ABSENT))[:12], str(new.get(name, ABSENT))[:12], ""


def _assumptions(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Row]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield name, _valued(old), _valued(new), ""
            continue
        for field in ("value", "low", "high"):
            if old[field] != new[field]:
                what = name if field == "value" else f"{name}, {field}"
                yield (
                    what,
                    fmt.quantity(old[field], old["unit"]),
                    fmt.quantity(new[field], new["unit"]),
                    _by(old, new, field),
                )
        for field in ("distribution", "unit", "price_base", "source", "quality", "impact", "note"):
            if old.get(field) != new.get(field):
                yield f"{name}, {field.replace('_', ' ')}", str(old.get(field)), str(new.get(field)), ""


def _valued(row: Json | None) -> str:
    return ABSENT if row is None else fmt.quantity(row["value"], row["unit"])


def _by(old: Json, new: Json, field: str) -> str:
    if old["unit"] != new["unit"] or not old[field]:
        return ""
    return f"{fmt.signed((new[field] / old[field] - 1) * 100, 1)}%"


def _headlines(*files: Path) -> Iterator[Row]:
    before, after = map(_json, files)
    for perimeter in dict.fromkeys((*before, *after)):
        for metric, title in METRICS.items():
            old, new = (side.get(perimeter, {}).get(metric, {}) for side in (before, after))
            for statistic in (s for s in STATISTICS if s in old or s in new):
                was, now = old.get(statistic), new.get(statistic)
                before_it, after_it = _shown(metric, was), _shown(metric, now)
                if before_it != after_it:  # as printed: less than that differs by the processor
                    yield f"{perimeter}: {title}, {statistic}", before_it, after_it, _difference(metric, was, now)


def _shown(metric: str, value: float | None) -> str:
    if metric.endswith("_gbp"):
        return fmt.pounds(value) if value is not None else "none"
    if metric.endswith("_months"):
        return fmt.duration(value)
    if value is None:
        return "none"
    return fmt.percent(value, 1) if metric.startswith("probability") else fmt.ratio(value, 3)


def _difference(metric: str, was: float | None, now: float | None) -> str:
    if was is None or now is None:
        return ""
    if metric.endswith("_gbp"):
        return fmt.pounds(now - was, signed=True)
    if metric.startswith("probability"):
        return f"{fmt.signed((now - was) * 100, 1)} points"
    if metric.endswith("_months"):
        return f"{fmt.signed(now - was)} {'month' if abs(now - was) == 1 else 'months'}"
    return fmt.signed(now - was, 3)


def _verdicts(old: Path, new: Path) -> Iterator[Row]:
    before, after = _reconciled(old), _reconciled(new)
    for ref in dict.fromkeys((*before, *after)):
        was, now = before.get(ref, ABSENT), after.get(ref, ABSENT)
        if was != now:
            yield ref, was, now, ""


def _reconciled(folder: Path) -> dict[str, str]:
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    path = folder / "reconciliation.csv"
    if not path.is_file():
        return {}
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)[["ref", "statement", "recomputed", "verdict"]]
    return {f"{r.ref}: {r.statement}": f"{r.recomputed or 'none'} ({r.verdict})" for r in views.records(frame)}


def as_text(diff: Diff) -> str:
    """Return the differences as text for a terminal."""
    lines = [f"old: {diff.old}", f"new: {diff.new}", "", _sentence(diff)]
    lines += [f"only in old: {name}" for name in diff.gone] + [f"only in new: {name}" for name in diff.added]
    for name in diff.changed:
        lines += ["", name, "-" * len(name)]
        for kind in KINDS:
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
        parts += [_table(diff, name, kind).html for kind in KINDS if _found(diff, name, kind)]
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

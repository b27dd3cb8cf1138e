"""Which of DfE's tables a file is and what its columns hold, whatever a release calls them."""

from typing import Final

import pandas as pd

from model.demand.codes import canonical

UASC: Final = "unaccompanied asylum-seeking children"
GROUPS: Final = {
    ("stock", "age"): "age group",
    ("stock", "placement"): "placement",
    ("stock", "provider"): "place providers",
    ("stock", "uasc"): UASC,
    ("starts", "age"): "age on starting",
    ("starts", "uasc"): UASC,
    ("ceased", "age"): "age on ceasing",
}
"""(table, category of ours): DfE's group in small letters."""
_ALSO_NAMED: Final = {
    "placement type": "placement",
    "placement provider": "place providers",
    "unaccompanied asylum seeking children": UASC,
    "uasc status": UASC,
    "total children": "total",
}
"""What other releases call a group or a total."""
_TABLE_OF: Final = {group: table for (table, category), group in GROUPS.items() if category == "age"}
_IDENTITY: Final = ("time_period", "geographic_level", "region_name", "la_name")
_MEASURES: Final = {"looked after": "stock", "starting": "starts", "ceasing": "ceased"}
_COUNTS: Final = ("number", "children_count", "population_number")
_NO_COUNT: Final = ("percent", "rate", "code", "estimate", "identifier", "time_period")
_LEVELS: Final = {"national": "national", "regional": "region", "local authority": "authority"}
SUPPRESSED: Final = ("c", "x", "u")
"""Confidential, not available, of low reliability: a number that is not shown."""
NOT_APPLICABLE: Final = ("z", ":", "-")
_ROUNDS_TO_ZERO: Final = ("low", "k", "~")
KEY: Final = ["level", "region", "authority", "year"]
"""The columns that say of whom and when a count is."""


def table_in(frame: pd.DataFrame, name: str, problems: list[str]) -> tuple[str, pd.DataFrame] | None:
    """Return (kind, normalised table) of a file's text; None for one that is none of ours. Problems name the file.

    Kinds: stock, starts, ceased (table, group, characteristic, KEY, count, mark), totals (measure, KEY, count, mark,
    population), tool (measure, name, year, value).
    """
    if {"measure", "LA and Regions", "Years", "Values"} <= set(frame.columns):
        return "tool", _tool(frame)
    columns = _group_columns(frame)
    kind = None if columns else _kind_column(frame)
    if columns is None and kind is None:
        return None
    missing, number = [column for column in _IDENTITY if column not in frame.columns], _count_column(frame)
    if missing:
        problems.append(f"{name}: columns missing: {', '.join(missing)}; download the table with all its columns")
    if number is None:
        problems.append(f"{name}: no column of counts; it has {', '.join(frame.columns)}")
    national = "geographic_level" in frame.columns and "local authority" not in set(_plain(frame["geographic_level"]))
    if missing or number is None or national:  # a release's national tables are not ours
        return None
    out = _identified(frame, number)
    unread = _unread(frame, out, number)
    problems += [f"{name}: {what}" for what in unread]
    if unread:
        return None
    if columns is None:
        population = frame.get("population_estimate", pd.Series(pd.NA, index=frame.index, dtype="str"))
        out = out.assign(measure=frame[kind].fillna("").map(_measure), population=parse_counts(population)[0])
        return "totals", _once(out[out["measure"] != ""], ["measure", *KEY])
    group, characteristic = (_plain(frame[column]).replace(_ALSO_NAMED) for column in columns)
    table = next(_TABLE_OF[g] for g in group.dropna().unique() if g in _TABLE_OF)
    out = out.assign(
        table=table, group=group.replace(_ALSO_NAMED), characteristic=characteristic.replace("total children", "total")
    )
    return table, _once(out, ["table", "group", "characteristic", *KEY])


def parse_counts(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return counts (float, NaN where not a number) and marks (c, x, z, low or blank; an unknown mark is kept)."""
    plain = text.fillna("x").str.strip().str.replace(",", "", regex=False)
    count = pd.to_numeric(plain, errors="coerce").astype(float)
    mark = plain.where(count.isna(), "").str.lower()
    return count.where(~mark.isin(_ROUNDS_TO_ZERO), 0.0), mark


def names_of(column: pd.Series) -> pd.Series:
    """Return names of authorities or regions as this package spells them."""
    return column.map({name: canonical(name) for name in column.dropna().unique()})


def _plain(column: pd.Series) -> pd.Series:
    return column.str.strip().str.lower().str.replace(r"\s+", " ", regex=True).str.replace("\u2019", "'", regex=False)


def _group_columns(frame: pd.DataFrame) -> tuple[str, str] | None:
    """Return the columns of groups ("Age group") and of what is in them ("1 to 4 years"); None where there are none."""
    for at, column in enumerate(frame.columns[:-1]):
        if not set(_TABLE_OF).isdisjoint(_plain(frame[column].drop_duplicates())):
            return str(column), str(frame.columns[at + 1])
    return None


def _kind_column(frame: pd.DataFrame) -> str | None:
    """Return the column that says which children are counted: in care, starting, ceasing."""
    for column in frame.columns:
        values = _plain(frame[column].drop_duplicates().dropna())
        measures = {_measure(value) for value in values if "children" in value}
        if len(measures - {""}) > 1:
            return str(column)
    return None


def _measure(text: str) -> str:
    """Return which measure a kind of children is: stock, starts or ceased; "" for none."""
    plain = text.lower().replace(" to be looked after", "")
    return next((name for words, name in _MEASURES.items() if words in plain), "")


def _count_column(frame: pd.DataFrame) -> str | None:
    """Return the column of counts: by the names it has had, else the first that holds numbers and is no rate."""
    known = [column for column in _COUNTS if column in frame.columns]
    rest = [c for c in frame.columns if not any(word in c.lower() for word in (*_NO_COUNT, *_IDENTITY))]
    numbers = (c for c in rest if pd.to_numeric(frame[c].str.replace(",", ""), errors="coerce").notna().mean() > 1 / 2)
    return str(known[0]) if known else next(map(str, numbers), None)


def _unread(frame: pd.DataFrame, out: pd.DataFrame, number: str) -> list[str]:
    """Return what in a table's counts and years cannot be read, with the first cell of each."""
    strange = ~out["mark"].isin(("", *SUPPRESSED, *NOT_APPLICABLE, *_ROUNDS_TO_ZERO))
    kinds = ((number, strange, "no symbol of DfE's"), ("time_period", out["year"].isna(), "no year"))
    return [
        f"column {column}: {str(frame.loc[rows, column].iloc[0]).strip()!r} in {rows.sum()} cells is {what}"
        for column, rows, what in kinds
        if rows.any()
    ]


def _identified(frame: pd.DataFrame, number: str) -> pd.DataFrame:
    """Return the columns every DfE table shares: of whom, when, how many."""
    levels, (count, mark) = _plain(frame["geographic_level"]).map(_LEVELS), parse_counts(frame[number])
    return pd.DataFrame(
        {
            "level": levels,
            "region": names_of(frame["region_name"]).fillna("England").where(levels != "national", "England"),
            "authority": names_of(frame["la_name"]).fillna(""),
            "year": pd.to_numeric(frame["time_period"].str.slice(0, 4), errors="coerce"),
            "count": count,
            "mark": mark,
        }
    )


def _once(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """One row a key: a council that kept its name but changed its code is listed twice, once not applicable."""
    order = frame.assign(blank=frame["count"].isna()).sort_values("blank", kind="stable")
    return order.drop_duplicates(key).drop(columns="blank").sort_index().reset_index(drop=True)


def _tool(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the Interactive Tool extract: measure, name, year (the last year of 2021-22 is 2022), value."""
    years = frame["Years"].str.strip()
    return pd.DataFrame(
        {
            "measure": frame["measure"].str.strip(),
            "name": names_of(frame["LA and Regions"]),
            "year": pd.to_numeric(years.str.slice(0, 4), errors="coerce")
            + years.str.contains(r"^\d{4}-\d{2}", regex=True, na=False),
            "value": parse_counts(frame["Values"])[0],
        }
    )

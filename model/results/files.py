"""The contract's files, written so that the same result gives the same bytes."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from model.batch.disk import NEW
from model.results.runs import Result

FRAMES = ("annual", "caseload", "funding", "mtfp", "switching", "reconciliation", "staffing", "reserve", "virement",
          "tornado", "information", "attribution", "convergence", "structure")  # fmt: skip
SETTLED = ("_gbp", "children")  # how columns end that come to the penny or to a millionth, and stay so


def write(result: Result, folder: Path) -> None:
    """Write the run's CSVs and `metrics.json` into a folder that exists. The same result gives the same bytes."""
    for name in FRAMES:
        write_csv(getattr(result, name), folder / f"{name}.csv")
    exact = json.dumps(result.metrics_by_perimeter, allow_nan=False)
    metrics = json.loads(exact, parse_float=lambda text: settled(float(text)))
    text = json.dumps(metrics, indent=2, ensure_ascii=False)
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def settled(value: float) -> float:
    """Return a number to nine digits: the last of a float's seventeen hang on the processor, on numpy and on Python."""
    return float(f"{value:.9g}")


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as UTF-8 CSV with Unix line ends on every platform; texts are quoted only where they must be."""
    floats = [name for name in map(str, frame.select_dtypes("float")) if not name.endswith(SETTLED)]
    frame = frame.assign(**{name: frame[name].map(settled) for name in floats})
    table = pa.Table.from_pandas(frame, preserve_index=False)
    plain = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    texts = {i for i, c in enumerate(plain) if pa.types.is_string(c.type) or pa.types.is_large_string(c.type)}
    plain = [_inert(c) if i in texts else c for i, c in enumerate(plain)]
    quoting = "needed" if any(_wants_quotes(plain[i]) for i in texts) else "none"
    unfinished = path.with_name(f"{NEW}{path.name}")
    with unfinished.open("wb") as file:
        file.write((",".join(table.column_names) + "\n").encode())
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style=quoting)
        pyarrow.csv.write_csv(pa.Table.from_arrays(plain, names=table.column_names), file, options)
    unfinished.replace(path)


def _inert(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as a spreadsheet reads them: one that begins like a formula is given an apostrophe before it."""
    return pyarrow.compute.replace_substring_regex(column, pattern=r"^([=+\-@\t\r])", replacement=r"'\1")


def _wants_quotes(column: pa.ChunkedArray) -> bool:
    """Whether any text in a column holds a comma, a quote or a line end."""
    texts = (text for text in column.unique().to_pylist() if isinstance(text, str))
    return any(mark in text for text in texts for mark in ',"\r\n')

"""The invest-to-save model: children in care, schemes that act on them, and the money that follows.

From Python: `run(load_case("inputs/bury-2022", scenario="base"), draws=10_000, seed=1)`, both imported from here;
`report` says what a result means.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model import report
    from model.results.runs import Result, run
    from model.schemes.load import load_case


__all__ = ["Result", "load_case", "report", "run"]

# blocks of draws and scenarios are what is done side by side; threads within a product of small matrices would only
# wait for each other (six times the processor time on a busy machine). Read by numpy when it is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")


def __getattr__(name: str) -> object:
    """Import what is asked for only then, so that `import model` costs nothing."""
    if name == "load_case":
        from model.schemes.load import load_case  # noqa: PLC0415 - importing the model must stay cheap

        return load_case
    if name in {"run", "Result"}:
        from model.results.runs import Result, run  # noqa: PLC0415 - as above

        return run if name == "run" else Result
    if name == "report":
        import model.report as pages  # noqa: PLC0415 - as above

        return pages
    message = f"module 'model' has no attribute {name!r}; it offers {', '.join(__all__)}"
    raise AttributeError(message)

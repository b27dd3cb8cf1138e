"""The report: what a notebook calls to say its findings, and what turns it into one page.

A notebook uses `open_result` and the sections; the runner `write_index`. Importing this tells IPython how a case, its
assumptions and a result are shown. A section is imported when it is asked for: an index is written without what draws
a report.
"""

import sys

__all__ = [
    "Block", "all_assumptions", "appendix", "at_a_glance", "caseload", "compare_scenarios", "funding", "group_of",
    "open_case", "open_result", "people", "proposal", "provenance_block", "published", "risk", "savings", "show",
    "structure", "write_index",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Return what a notebook asks for by its name."""
    if name not in __all__:
        message = f"module 'model.report' has no attribute {name!r}"
        raise AttributeError(message)
    from model.report import (  # noqa: PLC0415 - as said above
        assumptions,
        children,
        drivers,
        headlines,
        index,
        opening,
        posts,
        purses,
        reconciliation,
        sections,
        specification,
    )

    places = (assumptions, children, drivers, headlines, index, opening, posts, purses, reconciliation, sections,
              specification)  # fmt: skip
    return next(getattr(place, name) for place in places if hasattr(place, name))


if "IPython" in sys.modules:
    from model.report.shown import register

    register()

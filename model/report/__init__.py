"""The report: what a notebook calls to say its findings, and what turns it into one page.

A notebook uses `open_result` and the sections; the runner uses `export_html` and `write_index`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.report.backtests import backtest
    from model.report.children import caseload
    from model.report.drivers import risk
    from model.report.export import export_html
    from model.report.index import compare_scenarios, write_index
    from model.report.look.page import Block
    from model.report.opening import changed, open_case, open_result, tried_out
    from model.report.posts import people
    from model.report.sections import (
        all_assumptions,
        at_a_glance,
        certainty,
        funding,
        net_position,
        payback,
        proposal,
        provenance_block,
        published,
        savings,
        show,
        switching,
    )

_HOMES = {
    "backtest": "backtests",
    "export_html": "export",
    "write_index": "index",
    "caseload": "children",
    "changed": "opening",
    "compare_scenarios": "index",
    "open_case": "opening",
    "open_result": "opening",
    "tried_out": "opening",
    "Block": "look.page",
    "people": "posts",
    "risk": "drivers",
    **dict.fromkeys(
        (
            "all_assumptions",
            "at_a_glance",
            "certainty",
            "funding",
            "net_position",
            "payback",
            "proposal",
            "provenance_block",
            "published",
            "savings",
            "show",
            "switching",
        ),
        "sections",
    ),
}

__all__ = [
    "Block",
    "all_assumptions",
    "at_a_glance",
    "backtest",
    "caseload",
    "certainty",
    "changed",
    "compare_scenarios",
    "export_html",
    "funding",
    "net_position",
    "open_case",
    "open_result",
    "payback",
    "people",
    "proposal",
    "provenance_block",
    "published",
    "risk",
    "savings",
    "show",
    "switching",
    "tried_out",
    "write_index",
]


def __getattr__(name: str) -> object:
    """Import what is asked for only then: writing a page needs no charts, and a chart needs no nbconvert."""
    if name not in _HOMES:
        message = f"module 'model.report' has no attribute {name!r}; it offers {', '.join(__all__)}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(f"model.report.{_HOMES[name]}"), name)

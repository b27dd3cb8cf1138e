"""The report: what a notebook calls to say its findings, and what turns it into one page.

A notebook uses `open_result` and the sections; the runner uses `export_html` and `write_index`. Importing this tells
IPython how a case, its assumptions and a result are shown.
"""

from model.report.assumptions import all_assumptions
from model.report.backtests import backtest
from model.report.children import caseload
from model.report.drivers import risk
from model.report.export import export_html
from model.report.headlines import at_a_glance
from model.report.index import compare_scenarios, write_index
from model.report.look.page import Block, show
from model.report.opening import changed, group_of, open_case, open_result
from model.report.posts import people
from model.report.purses import funding
from model.report.reconciliation import published
from model.report.sections import appendix, proposal, provenance_block, savings
from model.report.shown import register
from model.report.specification import structure
from model.results.perimeters import main_perimeter

__all__ = [
    "Block",
    "all_assumptions",
    "appendix",
    "at_a_glance",
    "backtest",
    "caseload",
    "changed",
    "compare_scenarios",
    "export_html",
    "funding",
    "group_of",
    "main_perimeter",
    "open_case",
    "open_result",
    "people",
    "proposal",
    "provenance_block",
    "published",
    "risk",
    "savings",
    "show",
    "structure",
    "write_index",
]

register()

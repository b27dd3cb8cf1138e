"""One run of a case, and what it leaves: tidy frames, metrics, and the contract's files.

The model runs in blocks of draws, so that only yearly lines, monthly nets and placement stocks are ever whole in
memory. Arrays stay arrays until they are summarised; a frame is made from statistics, never from draws.
"""

from model.results.files import write, write_csv
from model.results.runs import Result, run
from model.results.sample import Sample
from model.results.summary import STATISTICS

__all__ = ["STATISTICS", "Result", "Sample", "run", "write", "write_csv"]

"""A first figure and a first table, drawn when this is imported: the warm process imports it before it forks.

matplotlib then has its fonts and pandas its formats, which every notebook would otherwise pay for. The figure is drawn
apart from pyplot: a kernel chooses its backend when its own first figure is made.
"""

import gc
from io import BytesIO

import matplotlib.pyplot as plt  # noqa: F401 - every notebook imports it
import pandas as pd
from matplotlib.figure import Figure

figure = Figure(figsize=(2, 1))
axes = figure.add_subplot()
axes.plot([0, 1], label="a")
axes.set_title("a")
axes.legend()
for kind in ("svg", "png"):
    figure.savefig(BytesIO(), format=kind, bbox_inches="tight")
pd.set_option("display.max_columns", 20)  # pandas' choice in a notebook; it takes the warm process for a terminal
pd.DataFrame({"a": [1.0]}).to_html()
del figure, axes, kind
gc.collect()
gc.freeze()  # what is loaded now is shared with every fork; the collector need not touch it there

"""The documents and notebooks as pages that are read and searched offline: python3 workbook.py docs."""

import json
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"

project = "The invest-to-save workbook"
language = "en"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = project
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_show_search_summary = False  # it would fetch the pages found, which a folder forbids
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00568a", "color-brand-content": "#00568a"},
    "dark_css_variables": {"color-brand-primary": "#8cc8f2", "color-brand-content": "#8cc8f2"},
}
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]  # links to files of the code; shell lines
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def _page(path: Path) -> str:
    """Return a notebook's words and code as they stand in git."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts = (("".join(cell["source"]), cell["cell_type"] == "code") for cell in cells)
    return "\n\n".join(f"```python\n{source}\n```" if code else source for source, code in parts) + "\n"


pages = HERE / "notebooks"  # written anew by each build, and not kept in git
pages.mkdir(exist_ok=True)
for notebook in NOTEBOOKS.glob("*.ipynb"):
    (pages / f"{notebook.stem}.md").write_text(_page(notebook), encoding="utf-8")


def mend(app: Sphinx, failed: Exception | None) -> None:
    """Give the pages what the theme leaves out: levels of headings, names of side bars, code that can be reached."""
    for page in [] if failed else Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        text = text.replace('role="heading">', 'role="heading" aria-level="2">').replace("<pre>", '<pre tabindex="0">')
        text = text.replace('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">')
        text = text.replace('<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer')
        page.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Called by the generator."""
    app.connect("build-finished", mend)

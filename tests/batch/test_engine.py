"""The warm engine shows what a real kernel shows, and nothing leaks from one notebook into the next."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from benchmarks import reference
from model.batch import engine, plain

CODE = [
    ("code", "import sys\nprint('out')\nprint('err', file=sys.stderr)\n1 + 1"),
    (
        "code",
        (
            "from IPython.display import HTML, clear_output, display\n"
            "handle = display('first', display_id='one')\ndisplay(HTML('<b>x</b>'), metadata={'a': 1})"
        ),
    ),
    ("code", "handle.update('second')"),
    ("code", "print('gone')\nclear_output()\nprint('kept')"),
    ("code", "print('gone later')\nclear_output(wait=True)\ndisplay('kept later')"),
    (
        "code",
        (
            "display({'image/svg+xml': '<svg/>', 'text/plain': 'a chart'}, raw=True,\n"
            "        metadata={'image/svg+xml': {'alt': 'A chart'}})"
        ),
    ),
    ("code", "pd.DataFrame({f'column_{n}': np.arange(3) for n in range(40)})"),
    ("code", "%config InlineBackend.figure_formats = ['png']\nplt.figure(figsize=(2, 1)); plt.plot([1, 2]);"),
    ("code", "figure, axes = plt.subplots(figsize=(2, 1))\naxes.plot([1, 2]);\nplt.show()\nprint('after')"),
    (
        "code",
        (
            "%config InlineBackend.figure_formats = ['svg', 'png']\n"
            "figure, axes = plt.subplots(figsize=(3, 2), layout='constrained')\naxes.plot([1, 2], label='outside');\n"
            "figure.legend(loc='outside right upper')\ndisplay(figure)\nfigure"
        ),
    ),
    (
        "code",
        (
            "figure, axes = plt.subplots(figsize=(2, 1))\naxes.annotate('note', (1, 1), arrowprops={})\n"
            "axes.xaxis.set_major_formatter(lambda value, _: print(value) or 'x')\nplt.show()"
        ),
    ),
    ("code", "plt.figure(figsize=(2, 1)); plt.title('\N{SNOWMAN}', family='No Such Font'); plt.xticks([]);"),
    (
        "code",
        (
            "import traceback\nfigure = plt.figure(figsize=(2, 1))\n"
            "figure.text(0, 0, r'$\\frac$'); figure.add_subplot()\n"
            "printer = get_ipython().display_formatter.formatters['image/svg+xml'].lookup(figure)\n"
            "try:\n    printer(figure)\nexcept ValueError as error:\n"
            "    print([step.name for step in traceback.extract_tb(error.__traceback__)], repr(printer)[:40])\n"
            "plt.close('all')"
        ),
    ),
    ("code", "import asyncio\nawait asyncio.sleep(0)\n_"),
    ("code", "%%capture caught\nprint('caught')"),
    ("code", "caught.stdout, [x for x in range(30)], {'b', 'a'} == {'a', 'b'}"),
    ("code", "In[-1][:5], Out[min(Out)], __name__"),
    ("code", "from tqdm.auto import tqdm\ntype(tqdm).__name__, len(list(range(3)))"),
    ("code", ""),
    ("code", "def ratio(a, b):\n    return a / b\n\nratio(1, 0)"),
    ("code", "print('never')"),
]

LEAK = [
    ("code", "import builtins, decimal, locale, logging, os, random, sys, warnings"),
    (
        "code",
        "leaked = 1\nbuiltins.leaked_too = 2\nos.environ['LEAK'] = '1'\nos.environ.pop('HOME', None)\nos.chdir('/')",
    ),
    ("code", "sys.path.insert(0, 'nowhere')\nsys.modules['made_up'] = sys\nsys.setrecursionlimit(500)"),
    ("code", "warnings.simplefilter('ignore')\nrandom.seed(99)\nnp.random.seed(99)\nnp.seterr(all='raise')"),
    (
        "code",
        "np.set_printoptions(precision=1)\npd.set_option('display.max_rows', 3)\npd.options.display.precision = 1",
    ),
    ("code", "plt.rcParams['figure.figsize'] = (1, 1)\nplt.style.use('dark_background')\nplt.figure()\nplt.ioff()"),
    ("code", "decimal.getcontext().prec = 2\nlogging.basicConfig(level=0)\nlogging.disable(50)"),
    ("code", "import model.case.units\nmodel.case.units.leak = 1\nplt.ion(); plt.switch_backend('agg')"),
    (
        "code",
        (
            "get_ipython().register_magic_function(print, magic_name='leak')\n"
            "%config InlineBackend.figure_formats = ['jpeg']"
        ),
    ),
]
PATCH = [("code", "pd.DataFrame.to_html = lambda self: 'patched'\nimport json\njson.dumps = lambda *a, **k: 'patched'")]
THREAD = [
    ("code", "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True, name='left').start()")
]
LOOK = [
    ("code", "import builtins, decimal, logging, os, random, sys, warnings, json"),
    ("code", "'leaked' in globals(), hasattr(builtins, 'leaked_too'), 'LEAK' in os.environ, 'HOME' in os.environ"),
    ("code", "os.path.basename(os.getcwd()), 'nowhere' in sys.path, 'made_up' in sys.modules, sys.getrecursionlimit()"),
    ("code", "warnings.warn('seen'); np.geterr(), np.get_printoptions()['precision']"),
    ("code", "random.random(), np.random.random()"),
    ("code", "pd.get_option('display.max_rows'), pd.get_option('display.precision'), plt.get_fignums()"),
    ("code", "plt.rcParams['figure.figsize'], plt.rcParams['axes.facecolor'], plt.isinteractive(), plt.get_backend()"),
    ("code", "decimal.getcontext().prec, logging.root.level, logging.root.manager.disable"),
    (
        "code",
        "from model.case import units\nhasattr(units, 'leak'), 'leak' in get_ipython().magics_manager.magics['line']",
    ),
    ("code", "pd.DataFrame({'a': [1]}).to_html()[:6], json.dumps(1)"),
    ("code", "plt.figure(figsize=(1, 1)); plt.plot([1, 2]);"),
]

SCRIPT = """
import json, os, sys
sys.modules["rfc3987_syntax"] = None
from pathlib import Path
from model.batch import engine, render
guard = render.warm_up(("numpy", "pandas", "model.case.units"))
told = []
for number, name in enumerate(sys.argv[1:]):
    path = Path(name)
    try:
        meter = render.render(path, {}, path.with_suffix(f".{number}.out"), path.with_suffix(".html"), guard=guard)
        told.append(meter.doubts)
    except render.CellError as error:
        told.append(str(error))
print(json.dumps(told))
"""


def warm(*notebooks: Path) -> list:
    """Run notebooks one after the other in one warm process; what each left in doubt, or how it failed."""
    command = [sys.executable, "-c", SCRIPT, *map(str, notebooks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def outputs(path: Path) -> list:
    from model.batch.engine import outputs_of

    return outputs_of(json.loads(path.read_text()))


@pytest.mark.notebook
def test_outputs_are_those_of_a_real_kernel(tmp_path):
    notebook = reference.write(tmp_path / "a.ipynb", CODE)
    [error] = warm(notebook)
    last = len(reference.CELLS) + len(CODE)  # one before it prints nothing any more, one holds the parameters
    assert error == f"a.ipynb, cell {last}, line 2: return a / b\nZeroDivisionError: division by zero"
    real = tmp_path / "real.ipynb"
    command = [sys.executable, "-m", "papermill", str(notebook), str(real)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "ZeroDivisionError" in done.stderr
    expected, found = outputs(real), outputs(notebook.with_suffix(".0.out"))
    for number, (one, other) in enumerate(zip(expected, found, strict=False)):
        assert one == other, f"code cell {number}"


def test_a_notebook_that_tries_to_leak_changes_nothing_for_the_next(tmp_path):
    look = reference.write(tmp_path / "look.ipynb", LOOK)
    leak = reference.write(tmp_path / "leak.ipynb", LEAK)
    doubts = warm(look, leak, look)
    assert doubts == [[], [], []]
    first, last = (outputs(tmp_path / f"look.{n}.out") for n in (0, 2))
    assert first == last
    assert len(first[-1]) == 1


@pytest.mark.parametrize(("cells", "word"), [(PATCH, "to_html"), (THREAD, "left")])
def test_what_cannot_be_trusted_to_be_put_back_is_named(tmp_path, cells, word):
    look = reference.write(tmp_path / "look.ipynb", LOOK)
    bad = reference.write(tmp_path / "bad.ipynb", cells)
    doubts = warm(look, bad, look)
    assert any(word in doubt for doubt in doubts[1])
    first, last = (outputs(tmp_path / f"look.{n}.out") for n in (0, 2))
    assert first == last


def test_parameters_are_checked_against_the_notebooks_own_declaration(tmp_path):
    import numpy as np

    from model.batch import render

    path = reference.write(tmp_path / "a.ipynb")
    good = render.check_parameters(path, {"scenario": "x", "scale": np.int64(2), "years": np.int64(3)})
    assert good == {"scenario": "x", "scale": 2, "years": 3}
    assert type(good["years"]) is int
    with pytest.raises(render.ParameterError) as caught:
        render.check_parameters(path, {"scenaro": 1, "years": True, "scale": float("nan"), "scenario": tmp_path})
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert "did you mean scenario?" in lines[0]
    assert "declared int, got bool" in lines[1]


@pytest.mark.parametrize(
    ("annotation", "default", "kind", "optional"),
    [
        ("str", '"x"', "str", False),
        ("None", "3", "int", False),
        ("None", "None", "", True),
        ("list[str]", "[]", "list", False),
        ("float | None", "None", "float", True),
        ("int | float", "1", "", False),
    ],
)
def test_declarations_are_read_as_python_reads_them(annotation, default, kind, optional):
    from model.batch import render

    declared = render._declare("p", annotation, default)
    assert (declared.kind, declared.optional) == (kind, optional)


def test_the_executed_notebook_holds_no_time_path_or_random_name(tmp_path):
    path = reference.write(tmp_path / "a.ipynb")
    assert warm(path, path) == [[], []]
    one, two = (path.with_suffix(f".{n}.out").read_text() for n in (0, 1))
    assert one.replace("a.0.out", "") == two.replace("a.1.out", "")
    assert str(tmp_path) not in one
    assert "start_time" not in one


def test_text_that_a_kernel_sent_in_pieces_is_compared_as_one():
    def stream(name, *lines):
        return {"output_type": "stream", "name": name, "text": list(lines)}

    shown = {"output_type": "display_data", "data": {}, "metadata": {}}
    whole, error = stream("stdout", "one\n", "two\n"), stream("stderr", "three")
    pieces = [stream("stdout", "one\n", "tw"), stream("stdout", "o\n"), error, shown, error]
    cells = [{"cell_type": "code", "outputs": outputs} for outputs in ([whole, error, shown, error], pieces)]
    one, other = engine.outputs_of({"cells": [*cells, {"cell_type": "markdown"}]})
    assert one == other
    assert [output.get("text") for output in one] == ["one\ntwo\n", "three", None, "three"]


PLAIN_CELLS = [("code", "%%bash\necho 1"), ("markdown", "*a* <b>b</b> ![a picture](a.png)"), *CODE]
HARDER = [
    pytest.param("<table><tr><td>1</table>", id="a table"),
    pytest.param("<img src='a.png'><IMG SRC=b.png><img src='c>d' alt=\"e > 'f'\"/><img alt>", id="pictures"),
    pytest.param("<img data-alt='a' src=\" alt=1 \" />", id="words that are none"),
    pytest.param("<script>'<img src=1>'</script><!-- <img> --><img>", id="what only looks like one"),
]


@pytest.mark.parametrize("html", HARDER)
def test_the_plain_page_is_nbconverts_own(html, tmp_path):
    """What is kept from one notebook for the next must not show: code of two languages, text, html, a long picture."""
    from bs4 import BeautifulSoup
    from nbconvert.exporters import HTMLExporter

    path = reference.write(tmp_path / "a.ipynb", PLAIN_CELLS)
    notebook = nbformat.read(path, as_version=4)
    picture = nbformat.v4.new_output("display_data", {"image/svg+xml": f"<svg>{'<g/>' * 10_000}</svg>"})
    notebook.cells[2].outputs = [picture, nbformat.v4.new_output("display_data", {"text/html": html})]
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    expected, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    exporter = plain.plain_exporter()
    pages = [exporter.from_notebook_node(notebook)[0] for _ in range(2)]
    assert pages[0] == pages[1]
    assert str(BeautifulSoup(pages[0], features="html.parser")) == expected

"""A kernel that is forked shows what one started afresh shows, ends with all it started, and leaks into no other."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import reference
from model.batch import provisioner
from model.batch.jobs import Job, run_jobs, summary

CODE = [
    ("code", "import sys\nprint('out')\n1 + 1"),
    ("code", "print('err', file=sys.stderr)"),  # apart: which of two streams comes first is chance
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
            "    print([step.name for step in traceback.extract_tb(error.__traceback__)])\n"
            "plt.close('all')"
        ),
    ),
    ("code", "import asyncio\nawait asyncio.sleep(0)\n_"),
    ("code", "%%capture caught\nprint('caught')"),
    ("code", "caught.stdout, [x for x in range(30)], {'b', 'a'} == {'a', 'b'}"),
    ("code", "In[-1][:5], Out[min(Out)], __name__"),
    ("code", "from tqdm.auto import tqdm\ntype(tqdm).__name__, len(list(range(3)))"),
    ("code", ""),
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


def made(tmp_path, *notebooks, workers=1, **parameters):
    """Run notebooks one after the other; the results, and the folder of each."""
    out = tmp_path / "outputs"
    jobs = [
        Job(case="case", scenario=f"n{number}", folder=out / "case" / f"n{number}", made_from={}, notebook=path,
            parameters=parameters)
        for number, path in enumerate(notebooks)
    ]  # fmt: skip
    return run_jobs(jobs, outputs=out, workers=workers)


def outputs(path: Path) -> list:
    text = re.sub(r"[^ \"]*ipykernel_\d+/(\d+)\.py", r"notebook-cell-\1.py", path.read_text())
    return reference.outputs_of(json.loads(text))


@pytest.mark.notebook
def test_outputs_are_those_of_a_kernel_started_afresh(tmp_path):
    notebook = reference.write(tmp_path / "a.ipynb", CODE)
    (result,) = made(tmp_path, notebook)
    assert result.status == "made", result.message
    real = tmp_path / "real.ipynb"
    command = [sys.executable, "-m", "papermill", str(notebook), str(real)]
    subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    expected, found = outputs(real), outputs(result.job.folder / "report.ipynb")
    for number, (one, other) in enumerate(zip(expected, found, strict=True)):
        assert one == other, f"code cell {number}"


@pytest.mark.notebook
def test_where_there_is_no_fork_the_same_road_leads_to_the_same_report(tmp_path, monkeypatch):
    notebook = reference.write(tmp_path / "a.ipynb", CODE)
    (forked,) = made(tmp_path / "forked", notebook)
    monkeypatch.setattr(provisioner, "can_fork", lambda: False)
    afresh, failed = made(tmp_path / "afresh", notebook, reference.write(tmp_path / "b.ipynb", [("code", "1 / 0")]))
    assert (failed.status, failed.cell) == ("failed", len(reference.CELLS) + 2)
    for name in ("report.ipynb", "report.html"):
        assert (forked.job.folder / name).read_bytes() == (afresh.job.folder / name).read_bytes()


def test_a_notebook_that_tries_to_leak_changes_nothing_for_the_next(tmp_path):
    look = reference.write(tmp_path / "look.ipynb", LOOK)
    leak = reference.write(tmp_path / "leak.ipynb", LEAK)
    results = made(tmp_path, look, leak, look)
    assert [r.status for r in results] == ["made"] * 3, summary(results)
    first, last = (outputs(results[n].job.folder / "report.ipynb") for n in (0, 2))
    assert first == last
    assert len(first[-1]) == 1


@pytest.mark.skipif(not provisioner.can_fork(), reason="looks at processes as Linux shows them")
def test_the_warm_process_has_one_thread_and_each_kernel_is_a_fork_of_it(tmp_path):
    cells = [
        ("code", "import os\nprint(os.getppid(), len(os.listdir(f'/proc/{os.getppid()}/task')), os.getpid())"),
        ("code", "import sys; print('model.batch.first' in sys.modules, os.getpid() == os.getpgrp())"),
    ]
    results = made(tmp_path, *[reference.write_plain(tmp_path / f"{n}.ipynb", cells) for n in range(2)], workers=2)
    told = [[o[0]["text"].split() for o in outputs(r.job.folder / "report.ipynb") if o] for r in results]
    assert told[0][0][:2] == [told[1][0][0], "1"]
    assert told[0][0][2] != told[1][0][2]
    assert [lines[1] for lines in told] == [["True", "True"]] * 2


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

    assert render._declared(annotation, default) == (kind, optional)


def test_the_executed_notebook_holds_no_time_path_or_random_name(tmp_path):
    path = reference.write(tmp_path / "a.ipynb")
    results = made(tmp_path, path, path, scenario="x")
    one, two = ((r.job.folder / "report.ipynb").read_text() for r in results)
    assert one == two
    assert str(tmp_path) not in one
    assert "start_time" not in one


def test_text_that_a_kernel_sent_in_pieces_is_compared_as_one():
    def stream(name, *lines):
        return {"output_type": "stream", "name": name, "text": list(lines)}

    shown = {"output_type": "display_data", "data": {}, "metadata": {}}
    whole, error = stream("stdout", "one\n", "two\n"), stream("stderr", "three")
    pieces = [stream("stdout", "one\n", "tw"), stream("stdout", "o\n"), error, shown, error]
    cells = [{"cell_type": "code", "outputs": outputs} for outputs in ([whole, error, shown, error], pieces)]
    one, other = reference.outputs_of({"cells": [*cells, {"cell_type": "markdown"}]})
    assert one == other
    assert [output.get("text") for output in one] == ["one\ntwo\n", "three", None, "three"]

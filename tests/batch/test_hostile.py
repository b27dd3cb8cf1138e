"""Notebooks that break what they run in: the others are made as if they had not been there, the culprit is named."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from benchmarks import reference
from model.batch import store
from model.batch.jobs import Job, run_jobs, summary

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals, limits and forks as Linux and macOS have them")


def made(tmp_path, *cells, workers=1, **more):
    """Run notebooks of one cell or several in turn; the results, and what each printed."""
    jobs = []
    for number, sources in enumerate(cells):
        given = [("code", source) for source in ([sources] if isinstance(sources, str) else sources)]
        notebook = reference.write_plain(tmp_path / f"n{number}.ipynb", given)
        folder = tmp_path / "outputs" / "case" / f"n{number}"
        jobs.append(Job(case="case", scenario=f"n{number}", folder=folder, made_from={}, notebook=notebook, **more))
    results = run_jobs(jobs, outputs=tmp_path / "outputs", workers=workers)
    return results, [printed(job.folder / "report.ipynb") for job in jobs]


def printed(path: Path) -> str:
    """All that a notebook's cells printed; nothing where there is none."""
    if not path.is_file():
        return ""
    cells = nbformat.read(path, as_version=4).cells
    return "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


POISON = {
    "json": "import json\njson.dumps = json.loads = None",
    "the clock": "import time\ntime.process_time = None",
    "what closes figures": "import matplotlib.pyplot as plt\nplt.close = None",
    "the settings": "import matplotlib as mpl\nmpl.rcParams = None",
    "the working folder": "import os\nos.chdir = None",
    "its own exit": "import os\nos._exit(0)",
    "its shell": "exit",
    "its memory": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\nb'a' * (2 << 30)",
    "too much memory": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "the pool of processes": "import multiprocessing as m\nm.get_context('fork').Pool(2).apply_async(input)",
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_a_notebook_that_breaks_its_kernel_harms_no_other(tmp_path, poison):
    results, told = made(tmp_path, poison, "print('fine')", "print('fine')", workers=2)
    assert [r.status for r in results[1:]] == ["made", "made"], summary(results)
    assert told[1:] == ["fine\n", "fine\n"]
    assert results[0].status == "made" or "n0" in results[0].message


DEATHS = {"os._exit(3)": "ended with status 3", "os.kill(os.getpid(), 11)": "was ended by SIGSEGV"}


@pytest.mark.parametrize(("code", "how"), DEATHS.items())
def test_a_kernel_that_dies_is_told_with_its_cell_and_how(tmp_path, code, how):
    results, _ = made(tmp_path, ["print(1)", f"import os\n{code}", "print(2)"])
    assert (results[0].status, results[0].cell) == ("failed", 3)
    assert f"its kernel {how}" in results[0].error
    assert "in cell 3: import os" in results[0].error


def test_a_notebook_that_fails_and_leaves_a_thread_writes_into_no_other(tmp_path):
    thread = """import sys, threading, time
def write(out=sys, wait=time.sleep):
    for _ in range(300):
        wait(0.01)
        out.stdout.write('LEAKED ')
threading.Thread(target=write, daemon=True).start()"""
    slow = "import time\nfor _ in range(20): time.sleep(0.01)\nprint('clean')"
    results, told = made(tmp_path, [thread, "1 / 0"], slow, slow)
    assert [r.status for r in results] == ["failed", "made", "made"]
    assert results[0].cell == 3
    assert told[1:] == ["clean\n", "clean\n"]


LOOK = """import gc, json, locale, logging, math, pathlib, signal, sys, tempfile, resource
import matplotlib as mpl, matplotlib.colors as colours, numpy as np, pandas as pd
frame = pd.DataFrame({'a': [1, 1], 'b': [1.0, 3.0]})
print(math.pi, np.pi, tempfile.tempdir, 'planted' in sys.path, 'y' in sys.argv)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
print(frame.groupby('a').b.mean().tolist(), json.dumps({'a': 1}), str(pathlib.PurePath('a') / 'b'))
print(mpl.rcParamsDefault['figure.dpi'], colours.to_hex('red'), 'planted' in mpl.style.library)
print(sys.get_int_max_str_digits(), logging.getLevelName(33), len(gc.callbacks), sys.__stdout__ is None)
print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())), signal.getitimer(signal.ITIMER_VIRTUAL)[0])"""
LEAKS = """import gc, json, logging, math, pathlib, signal, sys, tempfile, resource
import matplotlib as mpl, matplotlib.colors as colours, numpy as np, pandas as pd
math.pi = np.pi = 3
tempfile.tempdir = '/nowhere'
sys.path, sys.argv = ['planted', *sys.path], ['x', 'y']
resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
pd.core.groupby.SeriesGroupBy.mean = lambda self, *a, **k: pd.Series([42])
json.JSONEncoder.encode = lambda self, value: 'planted'
pathlib.PurePath.__truediv__ = lambda self, other: 'planted'
mpl.rcParamsDefault['figure.dpi'] = 7
colours.get_named_colors_mapping()['red'] = '#00ff00'
mpl.style.library['planted'] = {}
sys.set_int_max_str_digits(700)
logging.addLevelName(33, 'planted')
gc.callbacks.append(lambda *_: None)
sys.__stdout__ = None
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
signal.setitimer(signal.ITIMER_VIRTUAL, 1000)"""


def test_what_a_notebook_changes_is_its_own(tmp_path):
    results, told = made(tmp_path, LOOK, LEAKS, LOOK)
    assert [results[n].status for n in (0, 2)] == ["made"] * 2, summary(results)
    assert told[2] == told[0] != ""


def test_a_child_that_a_cell_forks_speaks_for_no_other(tmp_path):
    fork = "import os, time\nchild = os.fork()\nif child == 0: time.sleep(0.3)"
    slow = "import time\ntime.sleep(0.5)\nprint('clean')"
    results, told = made(tmp_path, [fork, "print('once')"], slow, slow)
    assert [r.status for r in results] == ["made"] * 3, summary(results)
    assert told == ["once\n", "clean\n", "clean\n"]


def test_a_process_that_a_notebook_leaves_is_ended_with_its_kernel(tmp_path):
    leave = "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)"
    results, told = made(tmp_path, leave, "print('clean')")
    assert [r.status for r in results] == ["made", "made"]
    assert told[1] == "clean\n"
    place = Path(f"/proc/{told[0].strip()}/stat")
    if place.parent.parent.joinpath("self").exists():
        assert not place.exists() or place.read_text().rpartition(")")[2].split()[0] == "Z"


def test_text_in_many_pieces_is_one_output_with_all_of_it(tmp_path):
    many = "for n in range(5000): print(n)\nimport sys\nprint('e', file=sys.stderr)\nprint('half a \\ud800 letter')"
    cleared = "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('kept')"
    results, told = made(tmp_path, [many, cleared])
    assert [r.status for r in results] == ["made"], summary(results)
    assert told[0] == "".join(f"{n}\n" for n in range(5000)) + "half a ? letter\ne\nkept\n"


def test_a_program_that_a_cell_starts_has_nothing_to_read(tmp_path):
    results, told = made(tmp_path, "import subprocess\nprint(subprocess.run(['cat'], capture_output=True).stdout)")
    assert (results[0].status, told[0]) == ("made", "b''\n")


def test_a_notebook_that_ends_itself_half_way_is_not_made(tmp_path):
    results, _ = made(tmp_path, ["import sys\nsys.exit(0)", "print('never')"])
    assert (results[0].status, results[0].cell) == ("failed", 2)
    assert "SystemExit" in results[0].message


def test_a_scenario_never_takes_the_place_of_a_folder_that_holds_others(tmp_path):
    results, _ = made(tmp_path, "print('one')")
    case = results[0].job.folder.parent
    above = Job(case="case", scenario="", folder=case, made_from={}, notebook=results[0].job.notebook)
    (one,) = run_jobs([above], outputs=tmp_path / "outputs", workers=1)
    assert one.status == "failed"
    assert "holds reports of its own" in one.message
    assert (results[0].job.folder / "report.html").is_file()
    with pytest.raises(ValueError, match="holds other results"):
        run_jobs([above, results[0].job], outputs=tmp_path / "outputs", workers=1)


def test_an_input_that_changes_while_a_scenario_is_made_spoils_it_even_if_it_is_put_back(tmp_path):
    source = tmp_path / "input.csv"
    source.write_text("1")
    write = f"from pathlib import Path\nPath({str(source)!r}).write_text('2')\nPath({str(source)!r}).write_text('1')"
    more = {"sources": {"input.csv": source}}
    notebook = reference.write_plain(tmp_path / "a.ipynb", [("code", write)])
    folder = tmp_path / "outputs" / "case" / "a"
    for digest, word in (("0" * 64, "input.csv"), (store.digest(source), "input.csv")):
        job = Job(case="case", scenario="a", folder=folder, made_from={"input.csv": digest}, notebook=notebook, **more)
        (result,) = run_jobs([job], outputs=tmp_path / "outputs", workers=1)
        assert result.status == "failed"
        assert f"changed while this was being made: {word}. Run again." in result.message
        assert not folder.exists()


@pytest.mark.parametrize("record", ["{", "[]", '{"schema": 1, "made_from": [], "files": {}}'])
def test_a_record_that_says_nothing_makes_a_scenario_stale(tmp_path, record):
    (tmp_path / store.RECORD).write_text(record)
    assert store.why_stale(tmp_path, {}) == "no record of how it was made"


def test_a_file_name_that_cannot_be_is_a_missing_file(tmp_path):
    record = {"schema": store.SCHEMA, "made_from": {}, "files": {"a\0b": ""}}
    (tmp_path / store.RECORD).write_text(json.dumps(record))
    assert "is missing" in store.why_stale(tmp_path, {})

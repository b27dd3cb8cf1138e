"""Many jobs at once: none stops the others, and the bytes do not depend on how many run together."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from benchmarks import reference
from model.batch import faults
from model.batch.jobs import Job, plan, run_jobs, summary

WORK = """
import os
import signal
import threading
import time

import numpy as np


def write(context):
    values = np.random.default_rng(1).normal(size=5) * context.job.arguments.get("factor", 1)
    (context.folder / "annual.csv").write_text(",".join(f"{v:.6f}" for v in values) + "\\n", newline="")


def die(context):
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(context):
    mark = context.job.arguments["mark"]
    if not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    write(context)


def hang(context):
    os.system("sleep 299.5 &")
    time.sleep(300)


def fail(context):
    raise ValueError("no such placement: residental")


def full(context):
    raise OSError(28, "No space left on device", "annual.csv")


def slow(context):
    (context.folder / "half.csv").write_text("half")
    time.sleep(300)
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A module of job functions that workers can import."""
    (tmp_path / "planted_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    return "planted_work"


def job(out: Path, name: str, **more) -> Job:
    return Job(case="case", scenario=name, folder=out / "case" / name, made_from={"input": "1"}, **more)


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def children(pid: int | str = "*") -> dict[int, str]:
    """Processes by number with what they run, as Linux shows them; those of one parent if given."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = path.read_text().rpartition(")")[2].split()[1]
            command = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if pid in {"*", int(parent)}:
            found[int(path.parent.name)] = command
    return found


def test_twenty_scenarios_give_the_same_bytes_with_one_worker_and_with_four(tmp_path, work):
    notebook = reference.write(tmp_path / "report.ipynb")
    trees = []
    for workers in (1, 4):
        out = tmp_path / f"outputs-{workers}"
        jobs = [
            job(
                out,
                f"s{n:02}",
                work=f"{work}:write",
                arguments={"factor": n},
                notebook=notebook,
                parameters={"scenario": f"s{n:02}", "scale": n / 2},
            )
            for n in range(20)
        ]
        results = run_jobs(jobs, outputs=out, workers=workers)
        assert [r.status for r in results] == ["made"] * 20, summary(results)
        assert [r.job.scenario for r in results] == [j.scenario for j in jobs]
        trees.append(tree(out))
    assert trees[0] == trees[1]
    assert len(trees[0]) == 20 * 4 + 1
    assert str(tmp_path).encode() not in b"".join(trees[0].values())


def test_one_bad_job_of_each_kind_does_not_stop_the_others(tmp_path, work):
    out = tmp_path / "outputs"
    bad_cell = reference.write(tmp_path / "bad.ipynb", [("code", "a = 1\nb = a / 0  # divides")])
    dying = reference.write(tmp_path / "dying.ipynb", [("code", "import os\nos.kill(os.getpid(), 9)")])
    hanging = reference.write(tmp_path / "hanging.ipynb", [("code", "import time\ntime.sleep(300)")])
    jobs = [
        job(out, "good-1", work=f"{work}:write"),
        job(out, "raises", work=f"{work}:fail"),
        job(out, "full", work=f"{work}:full"),
        job(out, "cell", notebook=bad_cell),
        job(out, "dies", notebook=dying),
        job(out, "hangs", notebook=hanging),
        job(out, "unknown", notebook=bad_cell, parameters={"scenaro": "x", "years": "five"}),
        job(out, "good-2", work=f"{work}:write"),
    ]
    results = run_jobs(jobs, outputs=out, workers=2, timeout=20)
    by_name = {r.job.scenario: r for r in results}
    assert [name for name, r in by_name.items() if r.status == "made"] == ["good-1", "good-2"]
    assert "no such placement: residental" in by_name["raises"].error
    assert "the disk is full" in by_name["full"].error
    number = len(reference.CELLS) + 2
    assert by_name["cell"].error == (
        f"bad.ipynb, cell {number}, line 2: b = a / 0  # divides\nZeroDivisionError: division by zero"
    )
    assert by_name["cell"].cell == by_name["dies"].cell == by_name["hangs"].cell == number
    assert "SIGKILL" in by_name["dies"].error
    assert f"cell {number}: import os" in by_name["dies"].error
    assert "longer than the 20 seconds" in by_name["hangs"].error
    assert "did you mean scenario?" in by_name["unknown"].error
    assert "years is declared int, got str 'five'" in by_name["unknown"].error
    assert sorted(p.name for p in (out / "case").iterdir()) == ["good-1", "good-2"]
    text = summary(results)
    assert text.startswith("2 made, 6 failed")
    assert "FAILED case/cell: bad.ipynb, cell" in text


def test_a_job_whose_worker_was_killed_from_outside_fails_by_itself_and_the_next_run_makes_it(tmp_path, work):
    out = tmp_path / "outputs"
    mark = str(tmp_path / "mark")
    jobs = [job(out, f"s{n}", work=f"{work}:die_once", arguments={"mark": mark}) for n in range(3)]
    results = run_jobs(jobs, outputs=out, workers=1)
    assert [r.status for r in results] == ["failed", "made", "made"], summary(results)
    assert "was ended by SIGKILL" in results[0].error
    assert [r.status for r in run_jobs(jobs, outputs=out, workers=1)] == ["made", "fresh", "fresh"]


def test_a_second_run_does_only_what_changed_and_force_does_all(tmp_path, work):
    out = tmp_path / "outputs"
    jobs = [job(out, f"s{n}", work=f"{work}:write") for n in range(3)]
    log = tmp_path / "log.jsonl"
    assert {r.status for r in run_jobs(jobs, outputs=out, workers=1)} == {"made"}
    assert plan(jobs) == {}
    (out / "case" / "s1" / "annual.csv").write_text("edited")
    results = run_jobs(jobs, outputs=out, workers=1, log_json=log)
    assert [r.status for r in results] == ["fresh", "made", "fresh"]
    assert results[1].why == "annual.csv is not as it was published"
    assert plan(jobs, force=True) == dict.fromkeys(range(3), "--force")
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [e["event"] for e in events] == ["begin", "fresh", "fresh", "start", "made", "end"]
    assert events[-1]["made"] == 1


def test_a_failure_keeps_the_earlier_report_and_says_it_is_stale(tmp_path, work):
    out = tmp_path / "outputs"
    run_jobs([job(out, "s", work=f"{work}:write")], outputs=out)
    before = tree(out / "case" / "s")
    changed = Job(case="case", scenario="s", folder=out / "case" / "s", made_from={"input": "2"}, work=f"{work}:fail")
    results = run_jobs([changed], outputs=out)
    assert tree(out / "case" / "s") == before
    assert "is stale" in summary(results)
    assert plan([changed]) == {0: "changed: input"}


def test_whatever_a_killed_run_left_is_cleared(tmp_path, work):
    out = tmp_path / "outputs"
    (out / "case" / ".new-s-1-ab").mkdir(parents=True)
    (out / "case" / ".new-s-1-ab" / "annual.csv").write_text("half")
    (out / ".new-probe-1").write_text("x")
    run_jobs([job(out, "s", work=f"{work}:write")], outputs=out)
    assert sorted(tree(out)) == [".lock", "case/s/annual.csv", "case/s/run.json"]


def test_two_jobs_may_not_share_a_folder(tmp_path):
    with pytest.raises(ValueError, match="same folder"):
        run_jobs([job(tmp_path, "s"), job(tmp_path, "s")], outputs=tmp_path)


SCRIPT = """
import sys
from pathlib import Path
from model.batch.jobs import Job, run_jobs, summary
if __name__ == "__main__":
    out, work = Path(sys.argv[1]), sys.argv[2]
    jobs = [Job(case="case", scenario=f"s{n}", folder=out / "case" / f"s{n}", made_from={"input": "1"},
                work=work) for n in range(3)]
    try:
        results = run_jobs(jobs, outputs=out, workers=2)
        print(summary(results))
    except KeyboardInterrupt:
        print("stopped")
"""


def started(tmp_path: Path, function: str, fault: str = "") -> subprocess.Popen:
    """A run in a process of its own."""
    script = tmp_path / "planted_run.py"
    script.write_text(textwrap.dedent(SCRIPT))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(tmp_path)])}
    if fault:
        environment[faults.VARIABLE] = fault
    return subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "outputs"), function],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until(condition, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopping_the_run_leaves_no_process_and_nothing_half_written(tmp_path, work, how):
    process = started(tmp_path, f"{work}:slow")
    out = tmp_path / "outputs"
    try:
        assert wait_until(lambda: len(list(out.glob("case/.new-*/half.csv"))) == 2)
        workers = children(process.pid)
        workers |= {pid: name for parent in list(workers) for pid, name in children(parent).items()}
        assert len(workers) >= 4  # the warm process, the standard library's own tracker, and two kernels
        process.send_signal(how)
        said, _ = process.communicate(timeout=30)
        assert wait_until(lambda: not workers.keys() & children().keys(), 10)
    finally:
        process.kill()
    if how == signal.SIGINT:
        assert said == "stopped\n"
        assert list((out / "case").iterdir()) == []
    done = started(tmp_path, f"{work}:write")
    said, _ = done.communicate(timeout=60)
    assert said == "3 made\n"
    assert sorted(p.name for p in (out / "case").iterdir()) == ["s0", "s1", "s2"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("where", ["publish.before@s1", "publish.after@s1", "job.worked@s1", "seal.record"])
def test_a_kill_at_a_named_point_then_a_run_equals_an_uninterrupted_run(tmp_path, work, where):
    wanted = tmp_path / "wanted"
    jobs = [job(wanted, f"s{n}", work=f"{work}:write") for n in range(3)]
    run_jobs(jobs, outputs=wanted, workers=2)
    process = started(tmp_path, f"{work}:write", f"{where}=kill")
    process.communicate(timeout=60)
    process = started(tmp_path, f"{work}:write")
    said, _ = process.communicate(timeout=60)
    assert "failed" not in said
    assert tree(tmp_path / "outputs" / "case") == tree(wanted / "case")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")
def test_a_hanging_job_takes_what_it_started_with_it(tmp_path, work):
    out = tmp_path / "outputs"
    results = run_jobs([job(out, "s", work=f"{work}:hang")], outputs=out, timeout=2)
    assert "longer than the 2 seconds" in results[0].error
    assert wait_until(lambda: not any("sleep 299.5" in command for command in children().values()), 5)

"""Sweeps: combinations read as written, one file, the same bytes however it was made and however often stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model import load_case
from model import run as model_run
from model.__main__ import main
from model.batch import faults, remote, tasks
from model.batch.remote import address_problem
from model.results import combinations, sweep
from tests.cases import write_case

PLANTED = """
import time

import pandas as pd

from model.results.sweep import in_parquet


def total(part, tell=None):
    value = part.frame.sum(axis=1).to_numpy() * len(part.case.rpartition("/")[2])
    found = {"point": part.frame.index, "perimeter": "whole", "metric": "npv_gbp", "value": value}
    return in_parquet(part, pd.DataFrame(found))


def slow(part, tell=None):
    time.sleep(0.3)
    return total(part)


def broken(part, tell=None):
    if part.first == 256:
        raise ValueError("no such price")
    return total(part)
"""


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A function that makes the name of one that workers can import stand in for the model's; and two small cases."""
    (tmp_path / "planted_sweep.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("bury", "dudley"):
        (tmp_path / "inputs" / name).mkdir(parents=True)
        (tmp_path / "inputs" / name / "case.toml").write_text(f'name = "{name}"')
    return lambda name: monkeypatch.setattr(sweep, "MAKE", f"planted_sweep:{name}")


def cases(tmp_path: Path) -> list[Path]:
    return [tmp_path / "inputs" / name for name in ("bury", "dudley")]


POINTS = combinations.grid_frame(["a=0:1:0.05", "b=1:30:1"])


def test_a_grid_includes_both_ends_and_its_steps_are_decimal():
    name, values = combinations.grid_values("fostering.fill_rate=0.5:1.0:0.05")
    assert name == "fostering.fill_rate"
    assert values == (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
    assert combinations.grid_values("x=1,2.5,10") == ("x", (1.0, 2.5, 10.0))
    assert combinations.grid_values("x=0:10:4") == ("x", (0.0, 4.0, 8.0))
    frame = combinations.grid_frame(["a=0,1", "b=1:3:1"])
    assert frame.to_numpy().tolist() == [[0, 1], [0, 2], [0, 3], [1, 1], [1, 2], [1, 3]]


@pytest.mark.parametrize("text", ["a", "a=", "=1:2:1", "a=1:2", "a=2:1:1", "a=1:2:0", "a=x,1", "a=1:nan:1"])
def test_a_grid_that_cannot_be_read_is_quoted(text):
    with pytest.raises(combinations.SweepError) as caught:
        combinations.grid_frame([text, "b=1,2", "b=3"])
    assert repr(text) in str(caught.value)
    assert "b: given twice" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a=nan", "'nan' is no number"),
        ("a=inf", "'inf' is no number"),
        ("a=1,-Infinity", "'-Infinity' is no number"),
        ("a=1e400", "1e400 is beyond the largest number there is"),
        ("a=0:1e999:1", "1e999 is beyond the largest number there is"),
        ("a=0_5", "'0_5' is no number"),
        ("a=0:1_0:1", "'1_0' is no number"),
        ("a=0.5,0.5", "0.5 given more than once"),
        ("a=0.5,1,.50,5e-1", "0.5 given more than once"),
        ("a=0.5:0.50000000000000000000002:1e-23", "0.5 given more than once"),
        ("a=0:1:1e-9", "more than the 1,000,000 values allowed"),
        ("a=0.5:1:1e-9999999", "more than the 1,000,000 values allowed"),
        ("a=0.5:1:1e-300", "more than the 1,000,000 values allowed"),
        ("a=0:1e300:1", "more than the 1,000,000 values allowed"),
    ],
)
def test_a_grid_holds_finite_plain_numbers_each_once_and_not_too_many(text, said):
    with pytest.raises(combinations.SweepError) as caught:
        combinations.grid_frame([text])
    assert f"--grid {text!r}: {said}" in str(caught.value)


def test_a_grid_of_too_many_combinations_says_how_many():
    grids = ["a=0:1:0.001", "b=0:999:1"]
    with pytest.raises(
        combinations.SweepError, match="--grid: 1,001 x 1,000 = 1,001,000 combinations, more than the 1,000,000"
    ):
        combinations.grid_frame(grids)


def test_blank_rows_of_a_file_are_passed_over_and_rows_keep_their_numbers(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("a,b\n1,2\n\n,\n3,4\n\n", encoding="utf-8")
    assert combinations.file_frame(path).to_dict("list") == {"a": [1.0, 3.0], "b": [2.0, 4.0]}
    path.write_text("a\n\nx\n", encoding="utf-8")
    with pytest.raises(combinations.SweepError, match=r"points\.csv, row 3, column a: 'x'"):
        combinations.file_frame(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a\n1\n".encode("utf-16"), "save it from the spreadsheet as CSV UTF-8"),
        ("a\n£1\n".encode("cp1252"), "save it from the spreadsheet as CSV UTF-8"),
        (b"\n\n", "expected a header of assumption names and at least one row"),
        (b"\n,\n", "expected a header of assumption names and at least one row"),
        (b"", "expected a header of assumption names and at least one row"),
        (b"a,\n1,2\n", "expected a name for each column, each once; found 'a', ''"),
        (b"a\n0_5e-1\n", "row 2, column a: '0_5e-1', expected a number"),
        (b"a\nnan\n1e400\n", "row 3, column a: '1e400', expected a number"),
        (b"a,b\n1,2\n3,4\n1.0,2e0\n", "row 4: the same combination as row 2"),
        (b"a\n" + b"1" * 200_000 + b"\n", "no CSV in UTF-8 (field larger than field limit"),
    ],
)
def test_a_file_that_is_no_table_of_combinations_is_refused(tmp_path, content, said):
    path = tmp_path / "points.csv"
    path.write_bytes(content)
    with pytest.raises(combinations.SweepError) as caught:
        combinations.file_frame(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith("points.csv")


def test_a_case_twice_and_a_place_that_is_no_file_are_refused_before_anything_is_computed(tmp_path, planted, capsys):
    from model.__main__ import main

    planted("total")
    case, namesake = (str(write_case(tmp_path / place)) for place in ("here", "there"))
    out = tmp_path / "taken"
    out.mkdir()
    grid = ["--grid", "fostering.fill_rate=0.5"]
    assert main(["sweep", case, namesake, *grid, "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "exampleshire: given 2 times" in said
    assert f"--out {out}: it is a folder; expected the name of a file, such as {out / 'sweep.parquet'}" in said
    assert [path.name for path in tmp_path.glob("taken*")] == ["taken"]
    assert not list(out.iterdir())
    with pytest.raises(combinations.SweepError, match="it is a folder"):
        sweep.sweep(cases(tmp_path), POINTS, out)


@pytest.mark.parametrize("number", ["0", "-1", "x", "1_0", ""])
def test_a_count_is_a_whole_number_from_1(capsys, number):
    from model.__main__ import main

    with pytest.raises(SystemExit) as stop:
        main(["sweep", "bury-2022", f"--jobs={number}"])
    assert stop.value.code == 2
    assert f"a whole number of at least 1, not {number!r}" in capsys.readouterr().err


def test_every_bad_cell_of_a_file_is_named(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text('\ufeffa,b\r\n1,2\r\n"1,000",£3\r\n1\r\n', encoding="utf-8")
    with pytest.raises(combinations.SweepError) as caught:
        combinations.file_frame(path)
    assert str(caught.value).splitlines() == [
        "points.csv, row 3, column a: '1,000', expected a number without £ or thousands",
        "points.csv, row 3, column b: '£3', expected a number without £ or thousands",
        "points.csv, row 4: 1 values, expected 2",
    ]
    path.write_text("\ufeffa,b\r\n1,2\r\n3,4.5\r\n", encoding="utf-8")
    assert combinations.file_frame(path).to_dict("list") == {"a": [1.0, 3.0], "b": [2.0, 4.5]}


def test_a_sweep_is_tidy_and_the_same_bytes_with_one_worker_and_with_three(tmp_path, planted):
    planted("total")
    files = []
    for workers in (1, 3):
        out = tmp_path / f"out-{workers}" / "sweep.parquet"
        assert sweep.sweep(cases(tmp_path), POINTS, out, workers=workers)
        assert not sweep.sweep(cases(tmp_path), POINTS, out, workers=workers)
        assert [p.name for p in out.parent.iterdir() if not p.name.startswith(".")] == ["sweep.parquet"]
        files.append(out.read_bytes())
    assert files[0] == files[1]
    frame = pd.read_parquet(tmp_path / "out-1" / "sweep.parquet")
    assert list(frame.columns) == ["case", "scenario", "point", "a", "b", "perimeter", "metric", "value"]
    assert len(frame) == 2 * len(POINTS)
    bury = frame[frame["case"] == "bury"]
    np.testing.assert_allclose(bury["value"], 4 * (POINTS["a"] + POINTS["b"]))


def test_a_part_that_fails_is_named_and_the_next_run_does_only_what_is_missing(tmp_path, planted):
    planted("broken")
    out = tmp_path / "sweep.parquet"
    with pytest.raises(combinations.SweepError, match="bury, from point 256: ValueError: no such price"):
        sweep.sweep(cases(tmp_path)[:1], POINTS, out)
    assert not out.exists()
    parts = sorted(p.name for p in (tmp_path / "sweep.parquet.parts").glob("*.parquet"))
    assert parts == ["part-000000.parquet", "part-000002.parquet"]


@pytest.mark.parametrize("where", ["sweep.part@1", "sweep.joined"])
def test_a_sweep_stopped_half_way_goes_on_and_equals_an_uninterrupted_one(tmp_path, planted, monkeypatch, where):
    planted("total")
    whole, out = tmp_path / "whole" / "sweep.parquet", tmp_path / "out" / "sweep.parquet"
    sweep.sweep(cases(tmp_path), POINTS, whole)
    monkeypatch.setenv(faults.VARIABLE, f"{where}=raise")
    with pytest.raises(faults.InjectedError):
        sweep.sweep(cases(tmp_path), POINTS, out, workers=1)
    monkeypatch.delenv(faults.VARIABLE)
    assert not out.exists()
    done = {p.name: p.stat().st_mtime_ns for p in out.parent.glob("*.parts/*.parquet")}
    assert done
    damaged = next(out.parent.glob("*.parts/*.parquet"))  # as a power cut leaves it: it is made again
    damaged.write_bytes(damaged.read_bytes()[:100])
    sweep.sweep(cases(tmp_path), POINTS, out)
    assert out.read_bytes() == whole.read_bytes()


KILLED = """
import sys
from pathlib import Path

from model.results import combinations, sweep

if __name__ == "__main__":
    points = combinations.grid_frame(["a=0:1:0.05", "b=1:30:1"])
    sweep.MAKE = sys.argv[2]
    sweep.sweep([Path(name) for name in sys.argv[3:]], points, Path(sys.argv[1]), workers=1)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_sweep_killed_half_way_goes_on_with_what_is_missing_and_equals_an_uninterrupted_one(tmp_path, planted):
    planted("slow")
    whole, out = tmp_path / "whole" / "sweep.parquet", tmp_path / "out" / "sweep.parquet"
    sweep.sweep(cases(tmp_path), POINTS, whole)
    (tmp_path / "planted_killed.py").write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(tmp_path)])}
    command = [sys.executable, str(tmp_path / "planted_killed.py"), str(out), sweep.MAKE]
    process = subprocess.Popen([*command, *map(str, cases(tmp_path))], env=environment)
    try:
        end = time.monotonic() + 60
        while len(list(out.parent.glob("*.parts/part-*.parquet"))) < 2 and process.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    assert not out.exists()
    done = {p.name: p.stat().st_mtime_ns for p in out.parent.glob("*.parts/part-*.parquet")}
    assert len(done) >= 2
    made = []
    real = sweep.point
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "point", lambda name, subject="": made.append((name, subject)) or real(name, subject))
        assert sweep.sweep(cases(tmp_path), POINTS, out)
    again = {f"part-{int(number):06}.parquet" for name, number in made if name == "sweep.part"}
    assert not again & done.keys()
    assert len(again) + len(done) == 2 * 3
    assert out.read_bytes() == whole.read_bytes()
    assert not list(out.parent.glob("*.parts"))


def test_a_changed_input_makes_the_sweep_again(tmp_path, planted):
    planted("total")
    out = tmp_path / "sweep.parquet"
    assert sweep.sweep(cases(tmp_path), POINTS, out)
    (cases(tmp_path)[0] / "case.toml").write_text("changed")
    assert sweep.sweep(cases(tmp_path), POINTS, out)


BURY = Path("inputs/bury-2022")


@pytest.mark.skipif(not (BURY / "case.toml").exists(), reason="needs the Bury case")
def test_a_combination_equals_the_same_override_run_by_itself():
    points = combinations.grid_frame(["fostering.fill_rate=0.6,0.9", "price.ifa_foster_weekly=750,800"])
    together = sweep.appraise_points(str(BURY), None, points).set_index(["point", "perimeter", "metric"])["value"]
    for number in points.index:  # by itself in a sweep: the same, whatever stands beside it in its part
        alone = sweep.appraise_points(str(BURY), None, points.loc[[number]])
        alone = alone.set_index(["point", "perimeter", "metric"])["value"]
        pd.testing.assert_series_equal(together.loc[[number]].sort_index(), alone.sort_index(), rtol=1e-12)
    by_fill = together.xs(("whole", "npv_gbp"), level=["perimeter", "metric"])
    assert by_fill[2] != by_fill[0]
    # by itself as a scenario: a sweep has new places fill with the ages that they fill with at central values
    run_alone = model_run(load_case(BURY, overrides=dict(points.loc[3])), draws=1)
    npv = {name: measures.npv_gbp[0] for name, measures in run_alone.central.measures.items()}
    swept = together.loc[3].xs("npv_gbp", level="metric")
    assert swept.to_dict() == pytest.approx(npv, rel=1e-4)


@pytest.mark.skipif(not (BURY / "case.toml").exists(), reason="needs the Bury case")
def test_unknown_names_and_impossible_values_are_named_before_anything_runs(capsys, tmp_path):
    out = str(tmp_path / "s.parquet")
    asked = ["--grid", "fostering.fil_rate=0:1:0.5", "--grid", "fostering.fill_rate=0:2:1"]
    assert main(["sweep", "bury-2022", *asked, "--out", out]) == 2
    said = capsys.readouterr().err
    assert "did you mean fostering.fill_rate?" in said
    assert "fostering.fill_rate: found '2', expected a number from 0 to 1 in the unit share" in said
    assert not list(tmp_path.iterdir())
    assert main(["sweep", "bury-2022"]) == 2
    assert main(["sweep", "bury-2022", "--grid", "a=1", "--engine", "dask"]) == 2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def cluster(tmp_path):
    """A real scheduler and two workers: its address; the processes, its own last."""
    pytest.importorskip("distributed", reason="the extra `distributed` is not installed")
    address = f"tcp://127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        **tasks.ENVIRONMENT,
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(tmp_path)]),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "3",
    }

    def start(*arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    port = address.rpartition(":")[2]
    scheduler = start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
    workers = [
        start("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        for _ in range(2)
    ]
    yield address, [*workers, scheduler]
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def test_a_cluster_gives_the_same_bytes_even_when_a_worker_is_lost_half_way(tmp_path, planted, cluster, monkeypatch):
    planted("slow")
    address, workers = cluster
    points = combinations.grid_frame(["a=0:1:0.01", "b=1:30:1"])
    here, there = tmp_path / "here" / "sweep.parquet", tmp_path / "there" / "sweep.parquet"
    sweep.sweep(cases(tmp_path), points, here)
    real, count = sweep.point, [0]

    def lose_one(name: str, subject: str = "") -> None:
        real(name, subject)
        count[0] += name == "sweep.part"
        if count[0] == 4 and workers[0].poll() is None:
            workers[0].send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)

    monkeypatch.setattr(sweep, "point", lose_one)
    sweep.sweep(cases(tmp_path), points, there, scheduler=address)
    assert workers[0].wait(10) is not None
    assert workers[1].poll() is None
    frames = [pd.read_parquet(path) for path in (here, there)]
    assert len(frames[1]) == 2 * len(points)
    assert here.read_bytes() == there.read_bytes()


def test_scenarios_made_on_a_cluster_are_the_same_bytes(tmp_path, cluster):
    from benchmarks import reference
    from model.batch.jobs import Job, run_jobs, summary

    address, workers = cluster
    notebook = reference.write(tmp_path / "report.ipynb")
    bad = reference.write(tmp_path / "bad.ipynb", [("code", "1 / 0")])
    trees = []
    for name, scheduler in (("here", None), ("there", address)):
        out = tmp_path / name
        jobs = [
            Job(
                case="case",
                scenario=f"s{n}",
                folder=out / "case" / f"s{n}",
                made_from={"input": "1"},
                notebook=bad if n == 3 else notebook,
                parameters={"scenario": f"s{n}"},
            )
            for n in range(6)
        ]
        results = run_jobs(jobs, outputs=out, workers=2, scheduler=scheduler)
        assert [r.status for r in results].count("made") == 5, summary(results)
        assert "bad.ipynb, cell 14, line 1: 1 / 0" in results[3].error
        trees.append({p.relative_to(out): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()})
    assert trees[0] == trees[1]
    assert all(worker.poll() is None for worker in workers)


def test_a_time_limit_holds_on_a_cluster_too(tmp_path, cluster):
    from benchmarks import reference
    from model.batch.jobs import Job, run_jobs, summary

    address, workers = cluster
    good = reference.write(tmp_path / "good.ipynb")
    hanging = reference.write(tmp_path / "hanging.ipynb", [("code", "import time\ntime.sleep(600)")])
    out = tmp_path / "out"
    jobs = [
        Job(case="case", scenario=f"s{n}", folder=out / "case" / f"s{n}", made_from={}, notebook=notebook)
        for n, notebook in enumerate((hanging, good, good))
    ]
    results = run_jobs(jobs, outputs=out, scheduler=address, timeout=45)
    assert [r.status for r in results] == ["failed", "made", "made"], summary(results)
    assert "longer than the 45 seconds allowed and was ended in cell 14: import time" in results[0].error
    assert all(worker.poll() is None for worker in workers)


def test_a_scheduler_that_goes_away_is_one_sentence_and_the_next_run_makes_the_rest(tmp_path, planted, cluster, caplog):
    planted("slow")
    address, (_, _, scheduler) = cluster
    out = tmp_path / "there" / "sweep.parquet"
    todo = sweep.parts_of([str(c) for c in cases(tmp_path)], None, POINTS)
    parts = sweep._work(dict(enumerate(todo)), None, address)
    assert next(parts)[1].error == ""
    scheduler.kill()
    with pytest.raises(
        remote.ClusterError, match=f"the dask scheduler at {address} is gone; what was finished is kept"
    ):
        list(parts)
    assert not caplog.records
    planted("total")
    assert sweep.sweep(cases(tmp_path), POINTS, out)


@pytest.mark.parametrize(
    "address", ["foo://x", "", "nonsense", "tcp://host", "tcp://host:0", "host:99999", "tcp://:8786"]
)
@pytest.mark.parametrize("command", [["run"], ["sweep", "--grid", "fostering.fill_rate=0.5"]])
def test_what_is_no_schedulers_address_is_refused_before_anything_is_tried(tmp_path, capsys, address, command):
    from model.__main__ import main

    case = str(write_case(tmp_path))
    where = ["--outputs", str(tmp_path / "out"), "--engine", "dask", "--scheduler", address]
    assert main([command[0], case, *command[1:], *where]) == 2
    assert capsys.readouterr().err.startswith(f"--scheduler {address!r} is no" if address else "--engine dask needs")
    assert not (tmp_path / "out").exists()
    with pytest.raises(remote.ClusterError, match="is no scheduler's address"):
        list(remote.run({0: None}, "builtins:repr", scheduler=address))


def test_schedulers_addresses_as_dask_writes_them_are_taken():
    for address in ("tcp://10.0.0.1:8786", "tls://cluster.example.org:8786", "host:8786", "tcp://[::1]:8786"):
        assert address_problem(address) == ""


@pytest.mark.parametrize("arguments", [["--engine", "dask"], ["--scheduler", "tcp://host:8786"]])
def test_half_of_a_cluster_is_refused_and_nothing_runs_here_instead(tmp_path, capsys, arguments):
    from model.__main__ import main

    assert main(["run", str(write_case(tmp_path)), "--outputs", str(tmp_path / "out"), *arguments]) == 2
    assert "needs" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("seconds", ["0", "nan", "-1", "inf", "soon", ""])
def test_a_time_limit_is_a_number_of_seconds_above_0(capsys, seconds):
    from model.__main__ import main

    with pytest.raises(SystemExit) as stop:
        main(["run", f"--timeout={seconds}"])
    assert stop.value.code == 2
    assert "expected a number of seconds above 0" in capsys.readouterr().err


def test_no_cluster_is_one_clear_error():
    pytest.importorskip("distributed", reason="the extra `distributed` is not installed")
    started = time.monotonic()
    with pytest.raises(remote.ClusterError, match="no dask scheduler answers"):
        list(remote.run({0: None}, "builtins:repr", scheduler=f"tcp://127.0.0.1:{free_port()}"))
    assert started
    assert tasks.load("builtins:repr") is repr

"""A job done away from here: what the other machine sends back, and what becomes of it in our folders."""

import errno
import multiprocessing
import sys

import pytest

from model.batch import jobs, remote, store, tasks
from model.batch.jobs import Job
from model.batch.making import make_away

WORK = """
import time
from model.batch.tasks import Stopped

def double(payload):
    return 2 * payload

def stop(payload):
    raise Stopped("no such scenario", 3)

def fail(payload):
    raise ValueError("no such price")

def hang(context):
    time.sleep(600)

def write(context):
    (context.folder / "sub").mkdir()
    (context.folder / "sub" / "a.csv").write_text(f"x\\n{context.job.arguments['x']}\\n")
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    (tmp_path / "planted_away.py").write_text(WORK, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "planted_away"


def test_a_task_sends_back_its_value_or_what_it_raised(work):
    assert tasks.do(f"{work}:double", 21).value == 42
    stopped = tasks.do(f"{work}:stop", 0)
    assert (stopped.error, stopped.cell) == ("no such scenario", 3)
    assert tasks.do(f"{work}:fail", 0).error == "ValueError: no such price"


def test_without_the_extra_a_cluster_is_one_line_that_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(remote.ClusterError, match=r"pip install -e \"\.\[distributed\]\""):
        list(remote.run({0: 1}, "planted_away:double", scheduler="tcp://nowhere:1"))


def job_in(folder, work):
    return Job(case="c", scenario="s", folder=folder / "c" / "s", made_from={"input": "1"}, work=f"{work}:write",
               arguments={"x": 7})  # fmt: skip


def test_the_files_of_a_job_done_away_are_published_here_and_fresh(tmp_path, work):
    job = job_in(tmp_path, work)
    told = make_away(job)
    assert told["files"]["sub/a.csv"] == b"x\n7\n"
    assert not job.folder.exists()
    outcome = jobs._unpack(tasks.Outcome(value=told), job)
    assert outcome.error == ""
    assert (job.folder / "sub" / "a.csv").read_bytes() == b"x\n7\n"
    assert store.read_record(job.folder) is not None


def test_a_job_over_its_time_is_ended_and_the_process_that_asked_goes_on(tmp_path, work):
    hanging = Job(case="c", scenario="h", folder=tmp_path / "c" / "h", made_from={}, work=f"{work}:hang")
    with pytest.raises(tasks.Stopped, match="longer than the 1 seconds allowed and was ended"):
        make_away(hanging, timeout=1)
    assert make_away(job_in(tmp_path, work), timeout=60)["files"]["sub/a.csv"] == b"x\n7\n"


def test_a_daemon_may_do_a_job_within_a_time_limit(tmp_path, work, monkeypatch):
    """dask's nanny starts its worker as one."""
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    assert make_away(job_in(tmp_path, work), timeout=60)["files"]["sub/a.csv"] == b"x\n7\n"
    assert multiprocessing.current_process().daemon


def test_files_that_cannot_be_put_in_their_place_fail_that_job_alone(tmp_path, work):
    job = job_in(tmp_path, work)
    told = make_away(job)
    (tmp_path / "c").write_text("in the way", encoding="utf-8")
    assert str(job.folder.parent) in jobs._unpack(tasks.Outcome(value=told), job).error
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(store.NEW)] == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "Choose another folder with --outputs"),
        (errno.EACCES, "cannot be written"),
        (errno.EIO, "annual.csv: broken$"),
    ],
)
def test_a_disk_that_refuses_is_one_line_with_what_to_do(tmp_path, number, said):
    import re

    assert re.search(said, store.explain(OSError(number, "broken"), tmp_path / "annual.csv"))

"""What a run says while it goes: a bar for people, lines of JSON for machines, and nothing to a pipe."""

import json

import pytest

from model.batch.jobs import Job, JobResult
from model.batch.progress import Progress, bar_of
from model.batch.store import OutputError


def result(tmp_path, name, status, **more):
    job = Job(case="c", scenario=name, folder=tmp_path / name, made_from={})
    return JobResult(job=job, status=status, **more)


def test_a_person_sees_how_many_are_done_and_each_failure_at_once(tmp_path, capsys):
    with Progress(total=2, fresh=1, show=True) as bar:
        bar.done(result(tmp_path, "old", "fresh"))
        bar.done(result(tmp_path, "base", "made"))
        bar.done(result(tmp_path, "bad", "failed", error="no such price\nand more"))
    said = capsys.readouterr().err
    assert "2/2" in said
    assert "failed=1" in said
    failures = [line for line in said.replace("\r", "\n").splitlines() if "FAILED" in line]
    assert len(failures) == 1
    assert "no such price" in failures[0]
    assert "and more" not in failures[0]


def test_a_pipe_gets_nothing(tmp_path, capsys):
    with Progress(total=1, fresh=0) as bar, bar_of(2, unit="part", title="Sweep", show=None) as parts:
        bar.done(result(tmp_path, "base", "made"))
        parts.update()
    assert capsys.readouterr().err == ""


def test_a_bar_starts_where_the_last_run_stopped(capsys):
    with bar_of(4, done=2, unit="part", title="Sweep", show=True) as bar:
        bar.update(2)
    said = capsys.readouterr().err
    assert "2/4" in said
    assert "4/4" in said


def test_the_log_has_a_line_an_event_with_the_counts_at_the_end(tmp_path):
    log = tmp_path / "run.jsonl"
    with Progress(total=2, fresh=0, show=False, log_json=log) as bar:
        bar.started(result(tmp_path, "base", "made").job)
        bar.done(result(tmp_path, "base", "made", seconds=1.5))
        bar.done(result(tmp_path, "bad", "failed", error="no such price", cell=3))
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [e["event"] for e in events] == ["begin", "start", "made", "failed", "end"]
    assert (events[3]["error"], events[3]["cell"]) == ("no such price", 3)
    assert (events[4]["outcome"], events[4]["made"], events[4]["failed"]) == ("failed", 1, 1)


def test_a_run_that_is_stopped_says_so_in_the_log(tmp_path):
    log = tmp_path / "run.jsonl"
    with pytest.raises(KeyboardInterrupt), Progress(total=1, fresh=0, show=False, log_json=log):
        raise KeyboardInterrupt
    assert json.loads(log.read_text(encoding="utf-8").splitlines()[-1])["outcome"] == "stopped"


def test_a_log_that_cannot_be_opened_is_one_message(tmp_path):
    with pytest.raises(OutputError, match=r"run\.jsonl"):
        Progress(total=1, fresh=0, log_json=tmp_path / "nowhere" / "run.jsonl")

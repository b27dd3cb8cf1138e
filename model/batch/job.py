"""What a job is, what its function is given, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Job:
    """One scenario to make: its own work, then a notebook and its page."""

    case: str
    scenario: str
    folder: Path  # where the results go, as a whole
    made_from: Mapping[str, str]  # what the results depend on (`model.batch.origins.fingerprint`)
    sources: Mapping[str, Path] = field(default_factory=dict)  # files among it: refused if one changes meanwhile
    work: str | Callable[[Context], object] | None = None  # called first; a function or its path `module:function`
    arguments: Mapping[str, Any] = field(default_factory=dict)  # plain values for `work`
    notebook: Path | None = None  # executed after `work` and exported, if given
    parameters: Mapping[str, object] = field(default_factory=dict)  # for the notebook
    page: str | Callable[..., str] = "model.batch.render:plain_page"  # makes its page; a function or its path
    notebook_folder: Path | None = None  # the notebook's working folder; its own unless given
    name: str = "report"  # of the files the notebook leaves: `<name>.ipynb` and `<name>.html`
    warm: tuple[str, ...] = ()  # modules that are imported once, before any kernel is forked

    @property
    def label(self) -> str:
        """How messages name the job."""
        return f"{self.case}/{self.scenario}"


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a job's function is given: the job, and the folder to write its files in."""

    job: Job
    folder: Path


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What became of a job.

    ``made``: published now. ``fresh``: what stood there already was made from the same inputs. ``failed``: see
    ``message``; what stood there before, if anything, still stands and is stale. Processor seconds are those of the
    notebook's cells, of the job's function, and of the whole job (export and flushing included).
    """

    job: Job
    status: Literal["made", "fresh", "failed"]
    seconds: float = 0.0
    cells_cpu_seconds: float = 0.0
    work_cpu_seconds: float = 0.0
    cpu_seconds: float = 0.0
    why: str = ""
    error: str = ""
    cell: int | None = None

    @property
    def message(self) -> str:
        """Scenario, place and cause, on one line or more."""
        return f"{self.job.label}: {self.error}" if self.error else f"{self.job.label}: {self.status}"

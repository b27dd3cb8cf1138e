"""What a result is made from: inputs, the model's own sources, its commit and the packages that matter."""

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from model.batch.disk import digest

PACKAGES = (
    "ipykernel",
    "ipython",
    "matplotlib",
    "nbconvert",
    "numpy",
    "pandas",
    "papermill",
    "scipy",
)
"""Those whose version can change a report's bytes."""
ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "unknown (not a git checkout)"
_SOURCES = {".py", ".j2", ".html", ".css", ".json", ".toml", ".csv", ".mplstyle", ".svg"}


def hash_files(paths: Iterable[Path]) -> dict[Path, str]:
    """SHA-256 of many files; hashing lets go of the interpreter, so threads help."""
    listed = list(dict.fromkeys(paths))
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as threads:
        return dict(zip(listed, threads.map(digest, listed), strict=True))


def package_hash(package: Path | None = None) -> str:
    """One hash over the model's own sources and templates."""
    root = package or ROOT / "model"
    files = sorted(p for p in root.rglob("*") if p.suffix in _SOURCES and "__pycache__" not in p.parts)
    whole = hashlib.sha256()
    for path, one in hash_files(files).items():
        whole.update(f"{path.relative_to(root).as_posix()} {one}\n".encode())
    return whole.hexdigest()


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return the version of Python, and of each package that can change a report's bytes."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


@cache
def commit() -> tuple[str, bool]:
    """Return the commit the code is at and whether files in git were changed since; unknown outside a checkout."""
    git = shutil.which("git")
    if git is None:
        return UNKNOWN, False
    head = _git(git, "rev-parse", "HEAD")
    if head is None or not (ROOT / ".git").exists():
        return UNKNOWN, False
    return head, bool(_git(git, "status", "--porcelain", "--untracked-files=no"))


def _git(git: str, *arguments: str) -> str | None:
    done = subprocess.run(  # noqa: S603 - a fixed command, found on the path
        [git, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False, timeout=30
    )
    return done.stdout.strip() if done.returncode == 0 else None


def named(files: Iterable[Path], root: Path) -> dict[str, Path]:
    """Files by their names relative to ``root``, the same on every system."""
    return {os.path.relpath(path, root).replace(os.sep, "/"): path for path in files}


def fingerprint(
    *,
    files: Iterable[Path],
    root: Path,
    values: Mapping[str, object],
    shared: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """What a result depends on, by name: ``files`` relative to ``root`` by hash, ``values`` as they are.

    ``shared`` is added as it is: compute ``{"package": package_hash(), **versions()}`` once for all jobs.
    """
    digests = {name: digest(path) for name, path in named(files, root).items()}
    told = {name: json.dumps(value, sort_keys=True, default=str) for name, value in values.items()}
    return dict(sorted({**digests, **told, **(shared or {})}.items()))

"""workbook.py without the network: what it asks for, when it sets up, and what it hands on."""

import ast
import importlib.util
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "workbook.py"
ON_POSIX = pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
LOCK = r"""a==1 \
    --hash=sha256:aa
uv==0.9 \
    --hash=sha256:bb \
    --hash=sha256:cc
    # via x
z==2 \
    --hash=sha256:dd
"""


@pytest.fixture
def workbook(tmp_path):
    """Return workbook.py loaded from a folder of its own, whose name has a space, beside a small lock."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "workbook.py").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "requirements.lock").write_text(LOCK, encoding="utf-8")
    (folder / "pyproject.toml").write_text('[project]\ndependencies = ["a>=1", "My-B>2"]\n', encoding="utf-8")
    spec = importlib.util.spec_from_file_location("workbook_under_test", folder / "workbook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ready(workbook):
    """Return it with an environment whose Python is a script that says what it was asked, and where."""
    workbook.PYTHON.parent.mkdir(parents=True)
    workbook.PYTHON.write_text(
        '#!/bin/sh\nprintf "[%s]" "$@"; printf " in %s utf8=%s path=%s" "$PWD" "$PYTHONUTF8" "$PYTHONPATH"\n'
    )
    workbook.PYTHON.chmod(0o755)
    workbook.STAMP.write_text(workbook.wanted_stamp())
    return workbook


def ask(workbook, *words, **more):
    command = [sys.executable, str(workbook.ROOT / "workbook.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path.home(), **more)


def test_an_old_python_can_read_it_as_far_as_the_message():
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 8, 1))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or later.*\n.*python\.org"):
        exec(SOURCE.read_text(encoding="utf-8"), {"__name__": "workbook"})  # noqa: S102  it is our own file


def test_it_uses_the_standard_library_alone():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_help_sets_nothing_up(workbook):
    asked = ask(workbook, "--help")
    assert asked.returncode == 0
    commands = ("run", "model", "lab", "test", "check", "bench", "docs")
    assert all(f"workbook.py {command}" in asked.stdout for command in commands)
    assert not workbook.VENV.exists()


@pytest.mark.parametrize("words", [(), ("runn",)])
def test_no_command_or_an_unknown_one_is_a_usage_error(workbook, words):
    asked = ask(workbook, *words)
    assert asked.returncode == 2
    assert "bench" in asked.stdout + asked.stderr
    assert not workbook.VENV.exists()


@ON_POSIX
@pytest.mark.parametrize(
    ("words", "starts"),
    [
        (("run", "bury-2022", "--scenario", "a b"), "[-m][model][run][bury-2022][--scenario][a b]"),
        (("run", "--help"), "[-m][model][run][--help]"),
        (("test", "-k", "x or y"), "[-m][pytest][-k][x or y] "),
        (("test",), "[-m][pytest][-n][logical]"),
        (("lab",), "[-m][jupyterlab][--LabApp.news_url=None]"),
        (("bench", "--quick"), "[-m][benchmarks][--quick]"),
        (("model", "check", "bury-2022"), "[-m][model][check][bury-2022]"),
        (("model",), "[-m][model][--help]"),
    ],
)
def test_arguments_are_handed_on_from_the_workbooks_folder(ready, words, starts):
    asked = ask(ready, *words, env={**os.environ, "PYTHONPATH": "/elsewhere"})
    assert asked.stdout.startswith(starts)
    assert asked.stdout.endswith(f" in {ready.ROOT} utf8=1 path=")
    assert asked.returncode == 0


def test_on_windows_it_waits_for_the_command_and_returns_its_status(workbook, monkeypatch):
    monkeypatch.setattr(workbook, "WINDOWS", True)
    monkeypatch.setattr(workbook, "call", lambda words: 7 if words == ["-m", "model", "run"] else 0)
    assert workbook.hand_over(["model", "run"]) == 7


@ON_POSIX
def test_the_exit_status_is_the_commands_own(ready):
    ready.PYTHON.write_text("#!/bin/sh\nexit 5\n")
    assert ask(ready, "run").returncode == 5


@ON_POSIX
def test_check_of_a_case_is_a_check_of_its_inputs(ready):
    case = ready.ROOT / "inputs" / "northby"
    case.mkdir(parents=True)
    (case / "case.toml").touch()
    assert ask(ready, "check", "northby").stdout.startswith("[-m][model][check][northby]")


@ON_POSIX
def test_check_runs_every_check_after_one_has_failed(ready):
    ready.PYTHON.write_text('#!/bin/sh\necho "$@"; test "$3" != check\n')
    asked = ask(ready, "check")
    rooms = " ".join(ready.ROOMS)
    said = ["-m ruff check", "-m ruff format --check", "-m mypy", rooms, "Failed: ruff check."]
    assert asked.stdout.splitlines() == said
    assert asked.returncode == 1


def test_an_environment_is_made_again_when_what_it_was_made_from_changes(ready, monkeypatch):
    assert ready.is_ready()
    ready.LOCK.write_text(LOCK + "new==1\n")
    assert not ready.is_ready()
    ready.LOCK.write_text(LOCK)
    assert ready.is_ready()
    monkeypatch.setattr(ready.sys, "version_info", (3, 99, 0))
    assert not ready.is_ready()


def test_a_half_made_environment_is_not_ready(ready):
    ready.STAMP.unlink()
    assert not ready.is_ready()


def test_an_environment_whose_python_is_gone_is_not_ready(ready):
    ready.PYTHON.unlink()
    assert not ready.is_ready()


def test_two_first_calls_set_up_once(workbook, monkeypatch):
    times = []

    def set_up():
        times.append(1)
        time.sleep(0.2)
        workbook.PYTHON.parent.mkdir(parents=True)
        workbook.PYTHON.touch()
        workbook.STAMP.write_text(workbook.wanted_stamp())

    monkeypatch.setattr(workbook, "set_up", set_up)
    calls = [threading.Thread(target=workbook.make_ready) for _ in range(3)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert times == [1]


def fake_environment(workbook, monkeypatch, statuses):
    """Make `call` write down what it is asked and answer from a list; return what was asked."""
    asked = []

    def call(words, **settings):
        asked.append((words, settings))
        return statuses[len(asked) - 1]

    monkeypatch.setattr(workbook, "call", call)
    monkeypatch.setattr(workbook, "pip_settings", dict)
    where = "Lib/site-packages" if workbook.WINDOWS else "lib/python3.11/site-packages"
    monkeypatch.setattr(workbook, "make_empty_environment", lambda: (workbook.VENV / where).mkdir(parents=True))
    return asked


def test_the_stamp_comes_last_and_everything_is_checked_by_hash(workbook, monkeypatch):
    asked = fake_environment(workbook, monkeypatch, [0, 0, 0])
    workbook.set_up()
    assert [words[1] for words, _ in asked[:2]] == ["pip", "uv"]
    assert all({"--require-hashes", "--no-deps"} <= set(words) for words, _ in asked[:2])
    assert asked[2][0] == ["-c", workbook.PROOF, "a", "my_b"]
    assert workbook.STAMP.read_text() == workbook.wanted_stamp()
    (path_file,) = workbook.VENV.glob("[Ll]ib/**/workbook.pth")
    assert (path_file.parent / path_file.read_text().strip()).resolve() == workbook.ROOT


def test_packages_that_cannot_be_imported_leave_no_stamp(workbook, monkeypatch):
    fake_environment(workbook, monkeypatch, [0, 0, 1])
    with pytest.raises(SystemExit, match="cannot be used"):
        workbook.set_up()
    assert not workbook.STAMP.exists()


def test_what_leads_astray_is_left_aside_and_nothing_is_kept_outside(workbook, monkeypatch):
    astray = ["PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON", "PIP_DRY_RUN", "PIP_CONSTRAINT",
              "PIP_REQUIRE_VIRTUALENV", "PIP_NO_BINARY", "PYTHONHOME", "PYTHONPATH", "UV_SYSTEM_PYTHON"]  # fmt: skip
    kept = ["PIP_INDEX_URL", "PIP_CERT", "PIP_CONFIG_FILE", "PIP_RETRIES", "HTTPS_PROXY", "UV_DEFAULT_INDEX"]
    for name in (*astray, *kept):
        monkeypatch.setenv(name, "/elsewhere")
    asked = fake_environment(workbook, monkeypatch, [0, 0, 0])
    monkeypatch.setattr(workbook, "pip_settings", lambda: {"index-url": "https://mirror.example/simple"})
    workbook.set_up()
    assert not set(astray) & workbook.environment().keys()
    assert set(kept) <= workbook.environment().keys()
    for _, settings in asked[:2]:
        assert settings["PIP_CONFIG_FILE"] == os.devnull
        assert settings["PIP_NO_CACHE_DIR"] == "1"
        assert settings["PIP_INDEX_URL"] == "https://mirror.example/simple"
    assert Path(asked[1][1]["UV_CACHE_DIR"]).is_relative_to(workbook.VENV)
    assert not Path(asked[1][1]["UV_CACHE_DIR"]).exists()


def test_a_path_too_long_for_windows_is_foretold(workbook, monkeypatch):
    monkeypatch.setattr(workbook, "WINDOWS", True)
    monkeypatch.setattr(workbook, "LONGEST_WINDOWS_ROOT", 5)
    with pytest.raises(SystemExit, match="too long a path for Windows"):
        workbook.set_up()
    assert not workbook.VENV.exists()


@pytest.mark.parametrize("statuses", [[1, 0, 0], [0, 1, 0, 0]])
def test_pip_does_it_where_uv_cannot(workbook, monkeypatch, statuses):
    asked = fake_environment(workbook, monkeypatch, statuses)
    workbook.set_up()
    assert asked[-2][0][1] == "pip"
    assert str(workbook.LOCK) in asked[-2][0]
    assert workbook.STAMP.exists()


def test_offline_the_first_call_says_what_is_needed_and_leaves_no_stamp(workbook, monkeypatch):
    fake_environment(workbook, monkeypatch, [1, 1])
    with pytest.raises(SystemExit, match="needs the internet"):
        workbook.set_up()
    assert not workbook.STAMP.exists()


def test_a_proxy_that_is_not_there_is_named_and_its_password_is_not(workbook, monkeypatch):
    for name in [name for name in os.environ if name.lower() in workbook.PROXIES]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("https_proxy", "http://someone:secret@127.0.0.1:9")
    fake_environment(workbook, monkeypatch, [1, 1])
    monkeypatch.setattr(workbook, "pip_settings", lambda: {"index-url": "http://127.0.0.1:9/simple"})
    with pytest.raises(SystemExit) as ended:
        workbook.set_up()
    assert "in use here: https_proxy, index-url." in ended.value.code
    assert "secret" not in ended.value.code
    assert not workbook.is_ready()


@pytest.mark.parametrize("lock", [LOCK, LOCK.partition("z==")[0], LOCK.partition("\n")[2].partition("\n")[2]])
def test_uv_is_pinned_by_the_locks_own_lines(workbook, lock):
    assert workbook.uv_pin(lock).startswith("uv==0.9 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n")
    assert "sha256:aa" not in workbook.uv_pin(lock)
    assert "sha256:dd" not in workbook.uv_pin(lock)


@ON_POSIX
def test_pips_settings_reach_uv_and_the_users_own_win(ready, monkeypatch):
    listing = (
        ":env:.index-url='https://mirror.example/simple'\n:env:.default-timeout='9'\n"
        "global.cert='/certificates.pem'\nglobal.index-url='https://other.example/simple'\nfreeze.find-links='x'\n"
    )
    ready.PYTHON.write_text(f"#!/bin/sh\ncat <<'END'\n{listing}END\n")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/mine.pem")
    settings = ready.uv_settings()
    assert settings["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert settings["UV_COMPILE_BYTECODE"] == "1"
    assert "SSL_CERT_FILE" not in settings
    assert "UV_FIND_LINKS" not in settings

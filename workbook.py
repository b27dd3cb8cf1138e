"""Set the workbook up once, then do one thing with it.

    python3 workbook.py run [CASE ...]     every scenario of a case, as reports in outputs/
    python3 workbook.py check CASE         every problem in a case's inputs at once
    python3 workbook.py model COMMAND ...  the model's other commands: reconcile, sweep, diff, new ...
    python3 workbook.py lab                open the notebooks in JupyterLab
    python3 workbook.py test [ARG ...]     the tests (arguments go to pytest)
    python3 workbook.py check              style and types of the code, every complaint at once
    python3 workbook.py bench [ARG ...]    the benchmarks
    python3 workbook.py docs               the documents as pages: outputs/docs/index.html

On Windows type `py workbook.py ...`. It needs Python 3.11 or later and nothing else: the first call makes the folder
`.venv` here and downloads the packages in requirements.lock, each checked against its hash; later calls work offline.
Nothing is installed outside this folder and no administrator's rights are needed. To undo it, delete `.venv`.
Paths are read from this folder. `python3 workbook.py model` lists the model's commands; each has its own `--help`.
"""

import sys

if sys.version_info < (3, 11):  # so this file keeps to words that an older Python 3 can read
    sys.exit(
        f"The workbook needs Python 3.11 or later; this is Python {sys.version.split()[0]} ({sys.executable}).\n"
        "Install a newer one from python.org (no administrator's rights are needed), or name it if you have it: "
        "python3.12 workbook.py ..., on Windows py -3.12 workbook.py ..."
    )

import contextlib
import hashlib
import os
import platform
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
STAMP = VENV / "workbook-stamp"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")

CHECKS = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"])
ROOMS = ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
LAB = [
    "jupyterlab",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
    f"--ServerApp.root_dir={ROOT}",
    *([] if WINDOWS else ["--KernelManager.transport=ipc"]),  # private to the user; Windows has none
]
SITE = ["sphinx", "-q", "-b", "html", "-d", "outputs/docs/.doctrees", "docs", "outputs/docs"]
LAB_SETTINGS = '{"@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false"}}\n'
PROOF = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
LONGEST_WINDOWS_ROOT = 90  # the packages' own paths take up to 165 of the 259 characters that Windows allows
# What leads to other Pythons' packages, or away from the lock.
LED_ASTRAY = ("PYTHONHOME", "PYTHONPATH", "UV_SYSTEM_PYTHON", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE_NEWER")
SIDE_BY_SIDE = ["-n", "logical", "--maxprocesses=8", "--dist=worksteal"]

# uv does not read pip's settings: these say where packages come from and whom to trust, and are handed on to it.
PIP_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
# Besides these, pip may be told how to reach an index and how long to wait; what says where and what to install
# (PIP_TARGET, PIP_PYTHON, PIP_DRY_RUN, PIP_CONSTRAINT ...) is left aside.
PIP_MAY = (*PIP_SETTINGS, "config-file", "client-cert", "keyring-provider", "timeout", "default-timeout", "retries")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")  # the system's, for pip and uv alike


def main(arguments: list[str]) -> int:
    """Set up if need be, then do what is asked; returns the exit status."""
    open_streams()
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command in ("", "-h", "--help", "help"):
        print(__doc__)
        return 0 if command else 2
    if command not in ("run", "model", "lab", "test", "check", "bench", "docs"):
        print(f"There is no command {command!r}: say run, model, lab, test, check, bench or docs.", file=sys.stderr)
        return 2
    make_ready()
    os.chdir(ROOT)
    if command == "check" and rest and all((ROOT / "inputs" / name / "case.toml").is_file() for name in rest):
        command, rest = "model", ["check", *rest]  # a case's name: the inputs are meant, not the code
    if command == "check":
        return check(rest)
    if command == "test":
        return hand_over(["pytest", *(rest or SIDE_BY_SIDE)])
    words = {"run": ["model", "run"], "model": ["model"], "lab": LAB, "bench": ["benchmarks"], "docs": SITE}[command]
    return hand_over([*words, *(rest or ["--help"] if command == "model" else rest)])


def open_streams() -> None:
    """Give each standard stream that is shut the null device, or the next file opened would take its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - it takes the lowest number free
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - to the end


def check(arguments: list[str]) -> int:
    """Run every check even after one has failed, so that all complaints are seen at once.

    The order of the rooms is a matter of the whole, so that files named in `arguments` do not narrow it.
    """
    failed = [" ".join(words) for words in CHECKS if call(["-m", *words, *arguments]) != 0]
    failed += ["import-linter"] if call(ROOMS) != 0 else []
    print(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


def hand_over(words: list[str]) -> int:
    """Become `python -m words`; Windows cannot, so there this process waits for it."""
    if not WINDOWS:
        sys.stdout.flush()
        os.execve(PYTHON, [str(PYTHON), "-m", *words], environment())
    return call(["-m", *words])


def call(words: list[str], **settings: str) -> int:
    """Run the workbook's own Python and return its exit status; Ctrl-C is the child's to answer."""
    import subprocess

    sys.stdout.flush()
    with subprocess.Popen([PYTHON, *words], env=environment(**settings)) as child:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return child.wait()


def environment(**settings: str) -> dict[str, str]:
    """The caller's environment, less what leads astray; UTF-8 throughout (a £ on Windows).

    One thread a product of matrices, unless the caller says otherwise: see `model/__init__.py`.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in LED_ASTRAY and (name[:4] != "PIP_" or name[4:].lower().replace("_", "-") in PIP_MAY)
    }
    return {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", **kept, "PYTHONUTF8": "1", **settings}


def make_ready() -> None:
    """Set up if there is no whole environment; of two first calls one works and the other waits for it."""
    if not is_ready():
        with one_at_a_time():
            if not is_ready():
                set_up()


def is_ready() -> bool:
    """Whether a whole environment stands: the stamp is written last, so a half-made one has none."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted_stamp()


def wanted_stamp() -> str:
    """What the environment is made from and by: a new lock, another Python, a moved folder each call for a new one."""
    made_from = (*map(str, sys.version_info[:2]), sys.platform, platform.machine(), str(ROOT))
    parts = ("\n".join(made_from).encode(), LOCK.read_bytes(), Path(__file__).read_bytes())
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold a lock on a file; the system lets go of it however this process ends."""
    with (ROOT / ".venv.lock").open("a") as handle:
        if sys.platform == "win32":
            import msvcrt

            while True:
                with contextlib.suppress(OSError):  # it gives up after ten seconds: ask again
                    msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def set_up() -> None:
    """Make `.venv` afresh, install the lock into it, and stamp it last of all."""
    print(f"Setting up the workbook in {VENV} (this once, a minute or so) ...", file=sys.stderr)
    if WINDOWS and len(str(ROOT)) > LONGEST_WINDOWS_ROOT:
        sys.exit(f"{ROOT} is too long a path for Windows: move this folder nearer to the top, such as C:\\workbook.")
    make_empty_environment()
    if install_with_uv() != 0 and install_with_pip() != 0:
        used = ", ".join(sorted([*pip_settings(), *(name for name in os.environ if name.lower() in PROXIES)])) or "none"
        sys.exit(
            "\nThe packages could not be installed; the lines above say why. The first call needs the internet, or your"
            "\norganisation's package index (pip's own settings are used). Run the same command again when it is there."
            "\nThey are built for Python 3.11 to 3.14 on Linux, Apple silicon and Windows (the x64 Python, on ARM too);"
            f"\nelsewhere use conda and environment.yml. Settings of pip's and proxies in use here: {used}."
        )
    # A path relative to site-packages: `import model` then works from any folder, as notebooks need.
    (packages,) = VENV.glob("Lib/site-packages" if WINDOWS else "lib/python*/site-packages")
    (packages / "workbook.pth").write_text(os.path.relpath(ROOT, packages) + "\n")
    settings = VENV / "share/jupyter/lab/settings"  # or JupyterLab's first words are whether to fetch its news
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "overrides.json").write_text(LAB_SETTINGS)
    if call(["-c", PROOF, *direct()]) != 0:
        sys.exit("\nThe packages are installed and cannot be used; the lines above say which. Run the command again.")
    STAMP.write_text(wanted_stamp())


def direct() -> list[str]:
    """The packages that the workbook itself imports, by the names they are imported by."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split("[^A-Za-z0-9_-]", one)[0].lower().replace("-", "_") for one in project["dependencies"]]


def make_empty_environment() -> None:
    """Clear away what a stopped set-up or an older lock left, and make a new environment with pip in it."""
    import subprocess
    import venv

    try:
        STAMP.unlink(missing_ok=True)
        if VENV.exists():
            shutil.rmtree(VENV)
        venv.create(VENV, with_pip=True, symlinks=not WINDOWS)
    except OSError as error:
        sys.exit(f"Cannot write {VENV}: {error}.\nClose JupyterLab and whatever else uses it, then try again.")
    except subprocess.CalledProcessError:  # some systems package Python without the means
        sys.exit(f"{sys.executable} cannot make an environment. On Debian or Ubuntu: apt install python3-venv.")


def install_with_uv() -> int:
    """Install the lock with the uv that it names, itself checked by hash: seconds where pip takes a minute."""
    only_uv = VENV / "uv.txt"
    only_uv.write_text(uv_pin(LOCK.read_text()))
    cache = VENV / "uv-cache"  # and not in the home folder, where deleting `.venv` would leave it
    try:
        return install("pip", only_uv) or install("uv", LOCK, **uv_settings(), UV_CACHE_DIR=str(cache))
    finally:
        shutil.rmtree(cache, ignore_errors=True)


def install_with_pip() -> int:
    """Install the lock with pip, where there is no uv or it cannot reach what pip can."""
    print("Trying again with pip alone, which is slower ...", file=sys.stderr)
    return install("pip", LOCK)


def install(installer: str, requirements: Path, **settings: str) -> int:
    """Install exactly what a hashed list says: no other package, no other file."""
    words = ["uv", "pip", "install", "--python", str(PYTHON)] if installer == "uv" else ["pip", "install"]
    settings |= {f"PIP_{name.upper().replace('-', '_')}": value for name, value in pip_settings().items()}
    settings |= {"PIP_CONFIG_FILE": os.devnull, "PIP_USER": "0", "PIP_NO_CACHE_DIR": "1"}  # pip.ini may say `target`
    settings |= {"PIP_RETRIES": os.environ.get("PIP_RETRIES", "2")}  # offline, say so soon
    return call(["-m", *words, "--quiet", "--no-deps", "--require-hashes", "-r", str(requirements)], **settings)


def uv_pin(lock: str) -> str:
    """The lines of the lock that pin uv: the requirement and the hashes indented beneath it."""
    _, found, after = ("\n" + lock).partition("\nuv==")
    hashes = after.splitlines()
    size = next((number for number, line in enumerate(hashes) if number and line[:1] != " "), len(hashes))
    return "\n".join([found.strip() + hashes[0], *hashes[1:size]]) + "\n"


def uv_settings() -> dict[str, str]:
    """What uv is told: pip's settings in uv's words (a UV_ variable of the user's wins), and to compile bytecode."""
    settings = {"UV_COMPILE_BYTECODE": "1", "UV_INDEX_STRATEGY": "unsafe-best-match"}  # the hashes make that safe
    settings |= {PIP_SETTINGS[name]: value for name, value in pip_settings().items()}
    return {name: value for name, value in settings.items() if name not in os.environ}


def pip_settings() -> dict[str, str]:
    """Where packages come from and whom to trust, as pip is set on this machine: name -> value."""
    import subprocess

    listing = [str(PYTHON), "-m", "pip", "config", "list"]
    listed = subprocess.run(listing, env=environment(), stdout=subprocess.PIPE, encoding="utf-8", check=False).stdout
    settings = {}
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):  # the environment wins
        setting, _, value = line.partition("=")
        section, _, name = setting.replace(":env:.", "env.").partition(".")
        if section in ("global", "install", "env") and name in PIP_SETTINGS:
            settings[name] = value.strip("'\"")
    return settings


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

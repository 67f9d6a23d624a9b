"""The house around the course: dependencies, set-up, the check of the machine, and what the README promises."""

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

import helpers.__main__ as preflight
from helpers import cost, lab

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN, DEV = PROJECT["project"]["dependencies"], PROJECT["dependency-groups"]["dev"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SYSTEMS = [("linux", "x86_64", "posix"), ("linux", "aarch64", "posix"), ("darwin", "arm64", "posix"),
           ("win32", "AMD64", "nt")]
PLACES = [{"python_version": python, "python_full_version": f"{python}.0", "sys_platform": platform, "os_name": name,
           "platform_machine": machine, "implementation_name": "cpython", "platform_python_implementation": "CPython"}
          for python in ("3.10", "3.11", "3.12", "3.13") for platform, machine, name in SYSTEMS]


# --- the dependencies

def lock(*files):
    """→ the requirements of lock files, without the course's own package."""
    lines = [line.split(" #")[0].strip() for file in files for line in (ROOT / file).read_text("utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-e"))]


def applies(requirement, place):
    return requirement.marker is None or requirement.marker.evaluate({**place, "extra": ""})


def gaps(ranges, pins, place):
    """What is not locked, locked twice, or locked outside its range, in one place."""
    here = {}
    for pin in pins:
        if applies(pin, place):
            here.setdefault(canonicalize_name(pin.name), set()).add(str(pin.specifier).removeprefix("=="))
    return [f"{wanted}: {here.get(canonicalize_name(wanted.name), 'nothing')}"
            for wanted in ranges if applies(wanted, place)
            and not (len(found := here.get(canonicalize_name(wanted.name), ())) == 1
                     and wanted.specifier.contains(next(iter(found))))]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place['python_version']}-{place['platform_machine']}")
def test_every_direct_dependency_is_locked_inside_its_range(place):
    direct = [Requirement(line) for line in RUN]
    dev = [Requirement(line) for line in DEV]
    assert len(direct) > 10 and len(dev) > 5
    assert not gaps(direct, lock("requirements.txt"), place)
    assert not gaps(dev, lock("requirements-dev.txt"), place)
    assert not gaps(direct + dev, lock("requirements.txt", "requirements-dev.txt"), place)     # the two agree


def test_a_gap_between_ranges_and_lock_is_seen():
    wanted = [Requirement("numpy>=2,<3"), Requirement("pywinpty>=3; os_name == 'nt'")]
    linux, windows = PLACES[0], PLACES[3]
    assert gaps(wanted, [Requirement("numpy==2.2.6")], linux) == []
    assert gaps(wanted, [Requirement("numpy==2.2.6")], windows) == ['pywinpty>=3; os_name == "nt": nothing']
    assert gaps(wanted, [Requirement("numpy==1.26.4")], linux) == ["numpy<3,>=2: {'1.26.4'}"]
    assert len(gaps(wanted, [Requirement("numpy==2.2.6"), Requirement("numpy==2.1.3")], linux)) == 1


def test_lock_names_everything_that_a_locked_version_needs():
    pins = {canonicalize_name(pin.name): pin.specifier for pin in lock("requirements.txt") if applies(pin, {})}
    direct = [Requirement(line) for line in RUN]
    todo, seen = {canonicalize_name(each.name) for each in direct if applies(each, {})}, set()
    while todo:
        seen.add(name := todo.pop())
        assert name in pins, name
        if pins[name].contains(metadata.version(name)):
            needed = [Requirement(line) for line in metadata.requires(name) or []]
            todo |= {canonicalize_name(each.name) for each in needed if applies(each, {})} - seen
    assert {"ipykernel", "jupyter-server", "h5py"} <= seen and len(seen) > 60


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_lock_pins_versions_and_knows_no_machine(file):
    assert all(re.fullmatch(r"==[^*,]+", str(pin.specifier)) and not pin.url for pin in lock(file))
    assert not re.search(r"://|--|(?<!Exclude) /\w", (ROOT / file).read_text(encoding="utf-8"))


def test_one_command_installs_the_course_too():
    assert "\n-e .\n" in (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "- -r requirements.txt" in (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert "install -r requirements.txt" in README


@pytest.mark.parametrize("folder, declared", [("helpers", RUN), ("tests", RUN + DEV)], ids=["helpers", "tests"])
def test_what_is_imported_is_a_direct_dependency(folder, declared):
    named = {canonicalize_name(Requirement(line).name) for line in declared}
    # A benchmark takes PyTorch if it is there.
    files = [path for path in (ROOT / folder).rglob("*.py") if not path.name.startswith("benchmark")]
    own = {"helpers", *(path.stem for path in files), *(path.stem for path in (ROOT / "data").rglob("*.py"))}
    found = metadata.packages_distributions()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [each.name for each in node.names] if isinstance(node, ast.Import) else (
                [node.module] if isinstance(node, ast.ImportFrom) and not node.level else [])
            for name in {module.split(".")[0] for module in modules} - own - set(sys.stdlib_module_names) - {"tomli"}:
                assert named & {canonicalize_name(each) for each in found.get(name, ())}, f"{path.name} imports {name}"


def test_every_dependency_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for line in RUN + DEV:
        before, after = text.split(f'"{line}",', 1)
        assert re.match(r" +# \S", after) or re.search(r"\n +# [^\n]+\n( +\"tensorflow.*\n)? +$", before), line


# --- the set-up

@pytest.fixture
def house(tmp_path):
    """A folder with the Makefile and a Python that only writes down what it is asked for; → (folder, make)."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    stub = tmp_path / "stub"
    stub.write_text(f"""#!/bin/sh
case "$1 $2" in
  "-c "*) exec "{sys.executable}" -c "import platform, sys; $PRETEND; exec(sys.argv[1])" "$2" ;;
  "-m venv") mkdir -p .venv/bin; cp stub .venv/bin/python; cp stub .venv/bin/jupyter ;;
  "-m helpers") echo check >> calls; exit "$PREFLIGHT" ;;
  "-m pip") echo install >> calls ;;
  *) echo "open $*" >> calls ;;
esac
""")
    stub.chmod(0o755)

    def make(*words, preflight=0, pretend="pass"):
        environment = {**os.environ, "PREFLIGHT": str(preflight), "PRETEND": pretend}
        environment.pop("MAKEFLAGS", None)
        return subprocess.run(["make", *words, "PYTHON=./stub"], cwd=tmp_path, env=environment, capture_output=True,
                              text=True)
    return tmp_path, make


@pytest.mark.parametrize("status", [0, 1])
def test_set_up_is_done_once_and_a_failed_check_only_warns(house, status):
    folder, make = house
    first, second = make("lab", preflight=status), make("lab", preflight=status)
    assert first.returncode == second.returncode == 0, first.stderr
    calls = (folder / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["install", "check", "open", "open"]
    assert "notebooks/00_start_here.ipynb" in calls[-1]
    assert ("opens all the same" in first.stdout) == bool(status) and "opens" not in second.stdout


@pytest.mark.parametrize("pretend, words", [
    ("sys.version_info = (3, 9, 7)", "This course needs Python 3.10 to 3.13, this is 3.9: name another one"),
    ("sys.version_info = (3, 14, 0)", "this is 3.14"),
    ("platform.system = lambda: 'Darwin'; platform.machine = lambda: 'x86_64'", "no build for Intel Macs")])
def test_set_up_says_at_once_where_it_cannot_work(house, pretend, words):
    folder, make = house
    run = make("lab", pretend=pretend)
    assert run.returncode and words in run.stderr
    assert not (folder / ".venv").exists()


def test_set_up_takes_an_apple_silicon(house):
    _, make = house
    run = make("lab", pretend="platform.system = lambda: 'Darwin'; platform.machine = lambda: 'arm64'")
    assert run.returncode == 0, run.stderr


def test_what_a_library_writes_past_python_stays_out_of_a_learners_cell():
    """TensorFlow tells of its build so, on some processors and whatever it is asked to leave out."""
    cell = nbformat.v4.new_code_cell("import os\nos.write(2, b'I0000 custom operations are on\\n')\nprint('seen')")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, kernel_name="python3").execute()
    assert [output.get("text") for output in cell.outputs if output.output_type == "stream"] == ["seen\n"]


def test_a_notebook_is_described_as_its_kernel_describes_itself():
    specs = KernelSpecManager()
    mine = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "title": "a chapter"}
    lab.describe(mine, specs)
    assert mine["kernelspec"]["display_name"] == specs.get_kernel_spec("python3").display_name
    assert mine["language_info"]["version"] == sys.version.split()[0] and mine["title"] == "a chapter"
    for other in ({}, {"kernelspec": {"display_name": "R", "language": "R", "name": "ir"}}):
        lab.describe(before := dict(other), specs)
        assert before == other


# --- python -m helpers

def console(*words, encoding="cp1252"):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    return subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, encoding=encoding)


@pytest.mark.slow
def test_check_paints_in_a_console_that_knows_few_characters():
    run = console("-m", "helpers")
    assert run.returncode == 0, run.stdout + run.stderr
    table = dict(re.findall(r"(?m)^  (\S.*?)  +(\S.*)$", run.stdout))
    assert table["Python"] == sys.version.split()[0] and table["weights"]
    assert re.fullmatch(r"20 evaluations at 128 px, loss [\d.]+ to [\d.]+, \d+ s", table["first transfer"])
    assert run.stdout.endswith("  Ready.\n")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_check_fails_with_words_in_a_console_that_knows_few_characters(encoding):
    program = ("import sys, helpers.__main__ as preflight\n"
               "def weights(_): raise OSError('no weights ✘ → 漢.h5')\n"
               "preflight.first_transfer = weights\n"
               "preflight.compiled_steps = lambda weights: []\n"
               "sys.exit(preflight.main([]))")
    run = console("-c", program, encoding=encoding)
    assert run.returncode == 1 and not run.stderr, run.stderr
    assert run.stdout.endswith("  ! no weights ? ? ?.h5\n  Not ready.\n")


@pytest.fixture
def check(monkeypatch, capsys):
    """Run the check without its transfer: → (exit status, what it printed)."""
    monkeypatch.setattr(preflight, "first_transfer", lambda weights: [("weights", weights)])
    monkeypatch.setattr(preflight, "compiled_steps", lambda weights: [("compiled steps", weights)])

    def run(*arguments):
        return preflight.main(list(arguments)), capsys.readouterr().out
    return run


def test_check_hands_on_the_weights(check):
    status, printed = check("--weights", "offline")
    assert status == 0 and re.search(r"weights +offline\n", printed) and printed.endswith("  Ready.\n")
    assert re.search(r"jupyterlab +\d", printed) and re.search(r"free memory +\d+\.\d GB", printed)


def test_check_sees_a_containers_limit(check, monkeypatch, tmp_path):
    for name, text in {"max": "1000000000", "current": "300000000", "stat": "anon 1\ninactive_file 100000000"}.items():
        (tmp_path / f"memory.{name}").write_text(text)
    monkeypatch.setattr(cost, "CGROUP", tmp_path)
    status, printed = check()
    assert status == 1 and "1.5 GB of free memory are needed, 0.8 GB are left: close other programs." in printed


def test_check_names_what_is_missing(check, monkeypatch):
    monkeypatch.setattr(preflight, "PACKAGES", ("jupyterlab", "no-such-package"))
    status, printed = check()
    assert status == 1 and "  ! no-such-package is missing: run `pip install -r requirements.txt`" in printed


def test_check_names_a_python_that_will_not_do(check, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 7))
    status, printed = check()
    assert status == 1 and "Python 3.10 to 3.13 is needed" in printed


def test_check_names_a_package_that_cannot_be_imported(check, monkeypatch):
    def broken(weights):
        raise ImportError("DLL load failed", name="tensorflow")
    monkeypatch.setattr(preflight, "first_transfer", broken)
    status, printed = check()
    assert status == 1 and "  ! tensorflow cannot be imported (DLL load failed): run `pip install" in printed


# --- the README

@pytest.mark.slow
def test_readmes_example_runs_as_it_stands_and_without_a_network(tmp_path):
    example = re.search(r"## In five lines\n\n```python\n(.*?)```", README, re.DOTALL)[1]
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    run = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, env={**os.environ, **nowhere},
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (made,) = tmp_path.iterdir()
    with Image.open(made) as image:
        assert max(image.size) == 256 and len(image.getcolors(10**6)) > 5000


def test_readmes_map_names_every_module_and_no_other():
    drawn = re.search(r"```\n(helpers/.*?)```", README, re.DOTALL)[1]
    named = set(re.findall(r"\b\w+(?:\.py|/)", drawn)) - {"helpers/"}
    there = {path.name + "/" * path.is_dir() for path in (ROOT / "helpers").iterdir() if not path.name.startswith("_")}
    assert named == there
    assert len(drawn.splitlines()) <= 12


def test_readme_links_lead_somewhere():
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)\)", README) if "://" not in target]
    assert len(targets) > 8
    assert not [target for target in targets if not (ROOT / target).exists()]

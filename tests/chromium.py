"""A Chromium for the tests: found or installed, given a Chinese font, and started without a network of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FONTS = ROOT / "static" / "vendor" / "fonts"
OVERRIDE = "PORTAL_TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
QUIET = (
    "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
    "--disable-default-apps", "--disable-domain-reliability", "--disable-extensions", "--disable-dev-shm-usage", "--metrics-recording-only",
    "--no-default-browser-check", "--force-color-profile=srgb", "--font-render-hinting=none", "--hide-scrollbars",
    # Nothing but the local server may be reached, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class NoChromium(RuntimeError):
    """There is no Chromium and none could be installed; the message says what was tried."""


def _named() -> Path | None:
    given = os.environ.get(OVERRIDE)
    if given:
        if not Path(given).is_file():
            raise NoChromium(f"{OVERRIDE} names {given}, which is not a file")
        return Path(given)
    return next((Path(found) for found in map(shutil.which, NAMES) if found), None)


def _playwrights() -> Path | None:
    # Asked in a process of its own: a second Playwright cannot be started beside a running one.
    question = "from playwright.sync_api import sync_playwright as p\nwith p() as q: print(q.chromium.executable_path)"
    asked = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, timeout=60, check=False)
    path = Path(asked.stdout.strip() or "/nonexistent")
    return path if path.is_file() else None


def _by_apt() -> str:
    """Install Debian's Chromium; answers why it was not possible, or nothing."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return "apt-get: needs root on Debian"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            return f"{' '.join(command)}: {done.stderr.strip()[-300:]}"
    return ""


def _by_playwright() -> str:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    return "" if done.returncode == 0 else f"playwright install chromium: {(done.stderr or done.stdout).strip()[-300:]}"


def chromium_path() -> Path:
    """The Chromium to test with: the one named by PORTAL_TEST_CHROMIUM, the system's, Playwright's, else a fresh installation.

    Raises NoChromium, never skips: journeys that did not run must not look like journeys that passed.
    """
    tried = []
    found = _named() or _playwrights()
    for install in (_by_apt, _by_playwright):
        if found:
            return found
        tried.append(install())
        found = _named() or _playwrights()
    if found:
        return found
    raise NoChromium("No Chromium for the browser tests. " + "; ".join(filter(None, tried)) + f". Install one, or name it in {OVERRIDE}.")


def font_environment(folder: Path) -> dict[str, str]:
    """Environment in which fontconfig knows Noto Sans SC from the fetched assets, even where the machine has no font at all.

    `folder` takes the configuration and the cache; it must outlive the browser. Raises FileNotFoundError before assets were fetched.
    """
    if not any(FONTS.glob("*.ttf")):
        raise FileNotFoundError(f"no fonts in {FONTS}; run python -m portal.cli.assets first")
    folder.mkdir(parents=True, exist_ok=True)
    families = "".join(
        f"<alias binding='same'><family>{name}</family><prefer><family>Noto Sans SC</family></prefer></alias>"
        for name in ("sans-serif", "serif", "monospace", "system-ui")
    )
    (folder / "fonts.conf").write_text(
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<dir>{escape(str(FONTS))}</dir><cachedir>{escape(str(folder / 'cache'))}</cachedir>{families}</fontconfig>\n",
        "utf-8",
    )
    return {**{key: value for key, value in os.environ.items() if isinstance(value, str)}, "FONTCONFIG_FILE": str(folder / "fonts.conf")}


def launch_arguments() -> list[str]:
    """Command line of a headless Chromium that stays quiet and offline; as root it cannot use its sandbox."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*QUIET, *(["--no-sandbox"] if as_root else [])]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The run's one Chromium; tests open contexts of their own in it. Made known to all tests by tests/conftest.py."""
    folder = tmp_path_factory.mktemp("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium_path()), args=launch_arguments(), env=font_environment(folder))
        yield started
        started.close()


def main() -> int:
    """`python -m tests.chromium`: find or install one before the tests, and say which."""
    try:
        print(chromium_path())
    except NoChromium as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

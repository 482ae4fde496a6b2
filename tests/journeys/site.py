"""The whole portal as a newcomer's machine runs it: demo content, the real register where it is there, a worker, granian."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from portal.cli import demo
from portal.cli.demo.board import enterprises
from portal.config import ROOT, Settings
from portal.core.connect import Urls
from portal.core.context import Context
from portal.wiring import equip

PATIENCE = 60  # seconds until web and worker answer
SECRETS = ("portal_secret_key", "portal_password_salt", "portal_master_key", "portal_seal_key")


@dataclass(frozen=True)
class Site:
    """A running portal. `registered` is the number of real companies in it: 0 where the register is not there."""

    base: str
    password: str
    registered: int
    context: Context


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def site_settings(folder: Path, port: int) -> Settings:
    """Settings of this run alone; nothing is read from `var/portal.env`."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        **{name: secrets.token_hex(32) for name in SECRETS},
        portal_var=folder, portal_demo=True, portal_base_url=f"http://127.0.0.1:{port}", port=port, database_url=None,
        meili_url=None, smtp_url=None, files_url=None,
    )  # fmt: skip


def environment(settings: Settings, urls: Urls) -> dict[str, str]:
    """What a process of this site reads: every setting, so that the folder's own `var/portal.env` adds none."""
    values = {name.upper(): str(value) for name, value in settings.model_dump().items() if value is not None}
    given = {"DATABASE_URL": urls.app, "DATABASE_SYSTEM_URL": urls.system, "PORTAL_DEMO": "1"}
    return {**os.environ, **values, **given, "MEILI_URL": "", "SMTP_URL": "", "FILES_URL": "", "PYTHONPATH": str(ROOT)}


@contextmanager
def command(name: str, given: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`portal NAME` in a process of its own, ended with the block."""
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "portal.cli.main", name], cwd=ROOT, env=given, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(base: str, processes: list[subprocess.Popen[bytes]], log: Path) -> None:
    """Until every part of /readyz is ok; RuntimeError with the log's end when it does not come to that."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and all(process.poll() is None for process in processes):
        try:
            with urlopen(f"{base}/readyz", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the portal did not get ready:\n{log.read_text('utf-8', 'replace')[-3000:]}")


@contextmanager
def running_site(urls: Urls, folder: Path) -> Iterator[Site]:
    """Fill a migrated database as `portal demo` does and serve it until the block ends."""
    port, password = free_port(), secrets.token_urlsafe(9)
    settings = site_settings(folder, port)
    context = Context(settings=settings, urls=urls, database=urls.database())
    equip(context)
    demo.prepare(context, password, None, lambda *_: None)
    registered = context.parts["search"].health().documents - len(enterprises())
    given, log = environment(settings, urls), folder / "site.log"
    with command("serve", given, log) as web, command("worker", given, folder / "worker.log") as worker:
        wait_until_ready(settings.portal_base_url, [web, worker], log)
        yield Site(settings.portal_base_url, password, registered, context)
    context.database.dispose()

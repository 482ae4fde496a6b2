"""Commands as a person types them: what goes wrong is a sentence with exit status 2, never a traceback."""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from portal.cli import secrets_file
from portal.cli.main import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("PORTAL_SECRET_KEY", "PORTAL_PASSWORD_SALT", "PORTAL_MASTER_KEY", "PORTAL_SEAL_KEY")


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An installation of its own: secrets, folder, a free port; nothing of the machine's."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "DATABASE_", "MEILI_", "SMTP_", "FILES_"))}
    return {**clean, **{key: secrets.token_hex(32) for key in KEYS}, "PORTAL_VAR": str(tmp_path / "var"), "PORT": str(free_port()),
            "PYTHONPATH": str(ROOT)}  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def portal(surroundings: dict[str, str], *words: str, cwd: Path = ROOT, timeout: int = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal.cli.main", *words]
    return subprocess.run(command, cwd=cwd, env=surroundings, capture_output=True, text=True, timeout=timeout, check=False)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def taken(surroundings: dict[str, str]) -> Iterator[None]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", int(surroundings["PORT"])))
        listener.listen()
        yield


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert "usage: portal" in capsys.readouterr().out


def test_a_missing_setting_is_named(surroundings: dict[str, str]) -> None:
    del surroundings["PORTAL_MASTER_KEY"]
    assert "PORTAL_MASTER_KEY" in refused(portal(surroundings, "migrate"))


def test_a_port_in_use_is_said_before_anything_is_done(surroundings: dict[str, str], taken: None) -> None:
    said = refused(portal(surroundings | {"PORTAL_DEMO": "1"}, "demo"))
    assert surroundings["PORT"] in said
    assert "PORT=" in said
    assert not (Path(surroundings["PORTAL_VAR"]) / "postgres").exists()


def test_a_database_that_is_down_is_a_sentence(surroundings: dict[str, str]) -> None:
    away = f"postgresql://portal_app:x@127.0.0.1:{free_port()}/portal"
    said = refused(portal(surroundings | {"DATABASE_URL": away, "DATABASE_SYSTEM_URL": away, "DATABASE_OWNER_URL": away}, "migrate"))
    assert "连不上数据库" in said


def test_a_real_server_needs_the_system_role_too(surroundings: dict[str, str]) -> None:
    said = refused(portal(surroundings | {"DATABASE_URL": "postgresql://portal_app@127.0.0.1/portal"}, "migrate"))
    assert "DATABASE_SYSTEM_URL" in said


def test_serving_an_older_schema_is_refused(surroundings: dict[str, str]) -> None:
    assert "portal migrate" in refused(portal(surroundings, "serve"))


def test_migrate_reindex_verify_on_an_empty_installation(surroundings: dict[str, str]) -> None:
    migrated = portal(surroundings, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert "（空） → 00" in migrated.stdout
    rebuilt = portal(surroundings, "reindex", "--json")
    assert (rebuilt.returncode, rebuilt.stdout.strip()) == (0, '{"indexed": 0}')
    checked = portal(surroundings, "reindex", "--check")
    assert (checked.returncode, checked.stdout.strip()) == (0, "索引与数据库一致。")
    worked = portal(surroundings, "worker", "--once")
    assert worked.returncode == 0, worked.stderr


def test_an_import_by_command_reaches_the_index_through_the_worker(surroundings: dict[str, str], tmp_path: Path) -> None:
    register = tmp_path / "名录.csv"
    register.write_text("企业名称,统一社会信用代码\n昌吉试验轴承有限公司,91650100MA0TEXT05W\n", "utf-8")
    assert portal(surroundings, "migrate").returncode == 0
    assert portal(surroundings, "reindex").returncode == 0
    done = portal(surroundings, "import", "enterprises", str(register), "--source", "登记机关")
    assert done.returncode == 0, done.stderr
    before = portal(surroundings, "reindex", "--check")
    assert (before.returncode, before.stdout.strip()) == (1, "索引里没有 91650100MA0TEXT05W")
    assert portal(surroundings, "worker", "--once").returncode == 0
    assert portal(surroundings, "reindex", "--check").returncode == 0


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "portal.env"
    first = secrets_file.ensure(path, {"PORTAL_DEMO": "1"})
    assert all(len(first[name]) == 64 for name in secrets_file.SECRETS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert secrets_file.ensure(path, {"PORTAL_DEMO": "0"}) == first


@pytest.mark.parametrize(("how", "group"), [(signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGINT, True)])
def test_a_stopped_portal_leaves_nothing_running(surroundings: dict[str, str], how: signal.Signals, group: bool) -> None:
    """The web server, its workers and the embedded PostgreSQL all end with it, a browser's open connection or not."""
    assert portal(surroundings, "migrate").returncode == 0
    command = [sys.executable, "-m", "portal.cli.main", "serve"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=ROOT, env=surroundings, start_new_session=True, **quiet)
    try:
        wait_until(lambda: answers(int(surroundings["PORT"])), 30)
        folder = surroundings["PORTAL_VAR"]
        assert postmasters(folder)
        browser = http.client.HTTPConnection("127.0.0.1", int(surroundings["PORT"]))
        browser.request("GET", "/healthz")
        browser.getresponse().read()  # and the connection stays open
        # Ctrl-C in a terminal goes to every process of the group at once.
        os.killpg(process.pid, how) if group else process.send_signal(how)
        process.wait(20)
        wait_until(lambda: not postmasters(folder) and not answers(int(surroundings["PORT"])), 20)
    finally:
        process.kill()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def postmasters(folder: str) -> list[int]:
    """The PostgreSQL servers whose data lie in `folder`."""
    pid_file = Path(folder) / "postgres" / "data" / "postmaster.pid"
    if not pid_file.exists():
        return []
    pid = int(pid_file.read_text().splitlines()[0])
    return [pid] if psutil.pid_exists(pid) else []


def wait_until(true: object, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():  # type: ignore[operator]
            return
        time.sleep(0.1)
    raise AssertionError("not within the time")

"""One PostgreSQL cluster in a folder: how it is made, started, found again and stopped.

Under root the server runs as another account, which cannot walk into a private folder such as /root, and widening
anybody's folder is out of the question. It does not have to walk: the child process is placed in the data folder
before it gives up root, and from then on names it `/proc/self/cwd`.
"""

from __future__ import annotations

import errno
import locale
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portal.core.embedded_binaries import (
    Account,
    EmbeddedError,
    as_account,
    server_environment,
    service_account,
    usable_install,
    wanted_major,
    wheel_install,
)

PORT = 5432
SUPERUSER = "postgres"
START_SECONDS = 30.0
STOP_SECONDS = 30.0
LOG_BYTES = 10_000_000

_PROC = Path("/proc")
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "port": PORT,
    "shared_buffers": "128MB",
    "max_connections": 100,
    "jit": False,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": False,
}
_FIXED = ("listen_addresses", "unix_socket_directories", "unix_socket_permissions", "port")


@dataclass(frozen=True)
class Home:
    """Where everything of one server lives, below `folder` (absolute, links resolved)."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def users_lock(self) -> Path:
        return self.folder / "users.lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.folder / "supervisor.lock"

    @property
    def server_log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def supervisor_log(self) -> Path:
        return self.folder / "supervisor.log"


def explain(error: OSError, folder: Path) -> EmbeddedError:
    """Turn a failed file operation into the sentence an operator can act on."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EmbeddedError(f"磁盘已满：{folder} 所在的分区没有剩余空间，腾出空间后再启动。")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EmbeddedError(f"文件夹 {folder} 不可写或属于别的用户（{error.filename or error.strerror}），换一个文件夹或改回属主。")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return EmbeddedError(f"{folder} 不是文件夹，换一个位置。")
    return EmbeddedError(f"内置数据库无法使用文件夹 {folder}：{error}")


def check_major(home: Home) -> None:
    """Data of another major version is never touched: PostgreSQL cannot read it."""
    try:
        found = (home.data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return
    if found != str(wanted_major()):
        raise EmbeddedError(
            f"{home.data} 是 PostgreSQL {found} 的数据，程序现在用 {wanted_major()}："
            f"设置 PORTAL_POSTGRES_MAJOR={found}，或者导出后换一个空文件夹再导入。"
        )


def _name_of(data: Path, account: Account | None) -> str:
    return str(data) if account is None or not _PROC.joinpath("self/cwd").exists() else "/proc/self/cwd"


def create(home: Home, install: Path, account: Account | None, durable: bool = True) -> None:
    """Make the data folder beside its place and move it there when it is whole: an interrupted start leaves nothing."""
    for remains in home.folder.glob("data.new-*"):
        shutil.rmtree(remains, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix="data.new-", dir=home.folder))
    try:
        if account is not None:
            os.chown(fresh, account.uid, account.gid)
        command = [str(install / "bin" / "initdb"), "-D", _name_of(fresh, account), "-U", SUPERUSER, "-A", "trust"]
        command += ["-E", "UTF8", "--data-checksums", "--no-instructions", *_locale_options()]
        command += [] if durable else ["--no-sync"]
        done = subprocess.run(
            command, cwd=fresh, env=server_environment(), capture_output=True, text=True, **as_account(account)
        )
        if done.returncode != 0:
            raise _failure(home, "PostgreSQL 无法建立数据文件夹", done.stderr or done.stdout)
        fresh.rename(home.data)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _locale_options() -> list[str]:
    """Code point order and Unicode letters; the built-in provider came with 17, before it the system's C.UTF-8."""
    if wanted_major() >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return ["--locale=C"]
    return ["--locale=C.UTF-8", "--lc-messages=C"]


def server_command(home: Home, install: Path, account: Account | None, settings: dict) -> list[str]:
    """The postgres command with every setting as a flag, so that no file has to be rewritten."""
    command = [str(install / "bin" / "postgres"), "-D", _name_of(home.data, account)]
    for name, value in {**_SETTINGS, **settings}.items():
        if not re.fullmatch(r"[a-z_][a-z0-9_.]*", name) or (name in _FIXED and name in settings):
            raise EmbeddedError(f"内置数据库不接受设置“{name}”。")
        text = ("on" if value else "off") if isinstance(value, bool) else str(value)
        command += ["-c", f"{name}={text}"]
    return command


@dataclass
class Postmaster:
    """A running server: our child, or one that an earlier supervisor left and that was adopted."""

    home: Home
    pid: int
    process: subprocess.Popen | None = None

    def alive(self) -> bool:
        if self.process is not None:
            return self.process.poll() is None
        return is_server(self.pid, self.home.data)

    def stop(self) -> None:
        """Fast shutdown; a server that does not obey is ended without one and recovers at its next start."""
        for sign, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if not self.alive():
                return
            with suppress(ProcessLookupError):
                os.kill(self.pid, sign)
            deadline = time.monotonic() + seconds
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.01)


def pid_file(home: Home) -> tuple[int, str] | None:
    """Process id and state ("starting", "ready", "stopping" ...) from postmaster.pid, or None."""
    try:
        lines = (home.data / "postmaster.pid").read_text(errors="replace").splitlines()
        return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
    except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
        return None


def is_server(pid: int, data: Path) -> bool:
    """Is this process a PostgreSQL of this data folder? A number from an old file may belong to anybody by now."""
    try:
        os.kill(pid, 0)
        if not _PROC.joinpath("self/cwd").exists():
            return True
        process = _PROC / str(pid)
        name, owner = (process / "comm").read_text().strip(), process.stat().st_uid
        return name == "postgres" and owner == data.stat().st_uid and os.path.samefile(process / "cwd", data)
    except OSError:
        return False


def running_postmaster(home: Home) -> Postmaster | None:
    """The server that an ended supervisor left behind, once it is ready; None if there is none."""
    deadline = time.monotonic() + START_SECONDS
    while (found := pid_file(home)) and is_server(found[0], home.data):
        if found[1] == "ready":
            return Postmaster(home, found[0])
        if time.monotonic() > deadline:
            raise EmbeddedError(f"PostgreSQL（进程 {found[0]}）停在“{found[1]}”状态，查看日志 {home.server_log}。")
        time.sleep(0.02)
    return None


def start(home: Home, settings: dict) -> Postmaster:
    """Start the server and return when it takes connections, making the data folder at the first time."""
    account = service_account(home.data)
    install = usable_install(wheel_install(wanted_major()), account)
    command = server_command(home, install, account, settings)
    if not (home.data / "PG_VERSION").exists():
        create(home, install, account, durable=settings.get("fsync") not in (False, "off"))
    elif account is not None and home.data.stat().st_uid == 0:
        _hand_over(home.data, account)
    _clear_remains(home)
    if home.server_log.exists() and home.server_log.stat().st_size > LOG_BYTES:
        home.server_log.replace(home.server_log.with_suffix(".log.1"))
    with open(home.server_log, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as log:
        said_before = log.tell()
        process = subprocess.Popen(
            command,
            cwd=home.data,
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **as_account(account),
        )
    return _ready(Postmaster(home, process.pid, process), said_before)


def _ready(postmaster: Postmaster, said_before: int) -> Postmaster:
    """Wait for a server just started; `said_before` is where its words in the log begin, should it fail."""
    home = postmaster.home
    deadline = time.monotonic() + START_SECONDS
    while postmaster.alive() and time.monotonic() < deadline:
        if pid_file(home) == (postmaster.pid, "ready"):
            return postmaster
        time.sleep(0.01)
    reason = "PostgreSQL 启动后退出" if not postmaster.alive() else f"PostgreSQL 没有在 {START_SECONDS:.0f} 秒内启动"
    postmaster.stop()
    with open(home.server_log, "rb") as log:
        log.seek(said_before)
        raise _failure(home, reason, log.read(100_000).decode(errors="replace"))


def _failure(home: Home, what: str, output: str) -> EmbeddedError:
    if "No space left on device" in output:
        return explain(OSError(errno.ENOSPC, ""), home.folder)
    tail = " | ".join(line.strip() for line in output.splitlines()[-6:] if line.strip())
    return EmbeddedError(f"{what}，日志 {home.server_log} 的末尾：{tail}")


def _hand_over(data: Path, account: Account) -> None:
    """Data brought back from a backup by root belongs to root, and the server could not read it."""
    for path in (data, *data.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _clear_remains(home: Home) -> None:
    """After a killed postmaster, let its last processes end; only then may its lock files be forgotten.

    PostgreSQL itself would refuse to start while the number in them belongs to any process, be it a stranger after a
    restart of the machine or the dead server that a careless init process has not yet buried.
    """
    locks = [home.data / name for name in ("postmaster.pid", f".s.PGSQL.{PORT}.lock", f".s.PGSQL.{PORT}")]
    if not any(path.exists() for path in locks) or not _PROC.joinpath("self/cwd").exists():
        return
    deadline = time.monotonic() + STOP_SECONDS
    while orphans := [pid for pid in map(int, filter(str.isdecimal, os.listdir(_PROC))) if is_server(pid, home.data)]:
        if time.monotonic() > deadline:
            raise EmbeddedError(f"上次的 PostgreSQL 进程 {orphans} 没有结束，结束它们后再启动。")
        for pid in orphans:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
        time.sleep(0.05)
    for path in locks:
        path.unlink(missing_ok=True)

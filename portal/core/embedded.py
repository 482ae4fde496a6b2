"""PostgreSQL for a machine without one: `with running(folder) as server:` and the server is up inside.

Several processes may use one folder at once; the first starts the server, and it stops when the last has gone, in
whatever way. `python -m portal.core.embedded FOLDER` keeps one up by hand.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import select
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from portal.core.embedded_binaries import EmbeddedError
from portal.core.embedded_cluster import PORT, SUPERUSER, Home, check_major, explain, pid_file
from portal.core.embedded_supervisor import READY

__all__ = ["EmbeddedError", "Server", "running"]

SOCKET_PATH_BYTES = 103  # the smallest sun_path in use (macOS); Linux has 107
WAIT_SECONDS = 120.0  # a first start on a slow machine, behind another one's stop
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PORTAL_POSTGRES_MAJOR", "PYTHONDONTWRITEBYTECODE", "XDG_RUNTIME_DIR")


class _Locks:
    """The lock files this process has open.

    A lock belongs to the open file, and a forked child shares it: left alone, a worker that outlives us would keep the
    server up, and one that unlocked would take our lock away. So children close their copy and nobody ever unlocks.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._open: set[int] = set()
        os.register_at_fork(
            before=self._guard.acquire, after_in_parent=self._guard.release, after_in_child=self._forget
        )

    def open(self, path: Path) -> int:
        with self._guard:
            number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._open.add(number)
            return number

    def close(self, number: int) -> None:
        with self._guard:
            if number in self._open:
                self._open.discard(number)
                os.close(number)

    def _forget(self) -> None:
        for number in self._open:
            os.close(number)
        self._open.clear()
        self._guard.release()


_locks = _Locks()


class Server:
    """A server that is up; valid inside `running` only."""

    def __init__(self, home: Home, host: Path, version: str) -> None:
        self.folder = home.folder
        self.host = host
        self.version = version
        self._home = home

    @property
    def pid(self) -> int:
        """Process id of the postmaster at this moment (it changes if a killed server was started again)."""
        found = pid_file(self._home)
        if found is None:
            raise EmbeddedError(f"内置数据库 {self.folder} 没有运行。")
        return found[0]

    def url(self, role: str = SUPERUSER, database: str = "postgres") -> str:
        """SQLAlchemy address over the Unix socket; the port is named so that PGPORT cannot lead elsewhere."""
        host = quote(str(self.host), safe="/")
        return f"postgresql+psycopg://{quote(role, safe='')}@/{quote(database, safe='')}?host={host}&port={PORT}"


@contextmanager
def running(folder: Path, *, settings: dict | None = None) -> Iterator[Server]:
    """Keep the server of this folder up while the block runs.

    `settings` are PostgreSQL settings (name to str, int or bool); those of the user that starts the server count.
    Raises EmbeddedError with one sentence: data of another major version, folder not writable, disk full, program
    files missing, server not up within 30 s.
    """
    home = Home(Path(folder).resolve())
    users = -1
    try:
        try:
            home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            users = _locks.open(home.users_lock)
            fcntl.flock(users, fcntl.LOCK_SH)  # waits while a supervisor is taking the server down
            check_major(home)
            server = _reach(home, settings or {})
        except OSError as error:
            raise explain(error, home.folder) from error
        yield server
    finally:
        _locks.close(users)


def _reach(home: Home, settings: dict) -> Server:
    """Wait until there is a supervisor and its server answers, sending for one if nobody has."""
    deadline = time.monotonic() + WAIT_SECONDS
    problem = "没有回应"
    while time.monotonic() < deadline:
        lock = _locks.open(home.supervisor_lock)
        try:
            if _taken(lock):
                _send_for_supervisor(home, settings, lock, deadline)
        finally:
            _locks.close(lock)
        found = pid_file(home)
        if found is not None and found[1] == "ready":
            try:
                return _connect(home)
            except psycopg.OperationalError as error:
                problem = str(error).strip()
        time.sleep(0.02)
    raise EmbeddedError(f"内置数据库 {home.folder} 没有在 {WAIT_SECONDS:.0f} 秒内启动（{problem}），查看日志 {home.server_log}。")


def _taken(lock: int) -> bool:
    """True if the supervisor's lock was free and is ours to hand down; False while a supervisor lives."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _connect(home: Home) -> Server:
    host = _socket_folder(home)
    with psycopg.connect(
        host=str(host), port=PORT, user=SUPERUSER, dbname="postgres", connect_timeout=5
    ) as connection:
        number = connection.info.server_version
    return Server(home, host, f"{number // 10000}.{number % 10000}")


def _send_for_supervisor(home: Home, settings: dict, lock: int, deadline: float) -> None:
    """Start a supervisor that inherits the held lock, and wait for its first word."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-P", "-m", "portal.core.embedded_supervisor"]
    command += [str(home.folder), json.dumps(settings), str(lock)]
    with open(home.supervisor_log, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as log:
        process = subprocess.Popen(
            command, cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            pass_fds=(lock,), start_new_session=True,
        )
    with process.stdout as pipe:
        process.wait()  # it leaves a child of its own and ends at once
        words = b""
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            piece = os.read(pipe.fileno(), 65536)
            if not piece:
                break
            words += piece
    message = words.decode(errors="replace").strip()
    if message != READY:
        raise EmbeddedError(message or f"内置数据库的看护进程没有启动，查看日志 {home.supervisor_log}。")


def _socket_folder(home: Home) -> Path:
    """The data folder, where the socket is; through a short link if its own path is too long for a socket.

    A comma would make two hosts of it for libpq.
    """
    if _fits(home.data):
        return home.data
    base = Path("/run") if os.geteuid() == 0 else Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")
    if not os.access(base, os.W_OK | os.X_OK):
        base = Path("/tmp")
    private = base / f"zhuanban-{os.geteuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise EmbeddedError(f"{private} 不是只属于当前用户的文件夹，删除它后再启动。")
    link = private / hashlib.sha256(os.fsencode(home.data)).hexdigest()[:16]
    if not link.is_symlink() or os.readlink(link) != str(home.data):
        fresh = private / f"{link.name}.{os.getpid()}.{threading.get_ident()}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(home.data)
        fresh.replace(link)
    if not _fits(link):
        raise EmbeddedError(f"文件夹 {home.folder} 的路径太长，放不下数据库的套接字，换一个短的路径。")
    return link


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES and "," not in str(folder)


def main(arguments: list[str]) -> int:
    """Keep the server of one folder up and print its address, until interrupted."""
    if len(arguments) != 1:
        print("用法：python -m portal.core.embedded 文件夹", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with running(Path(arguments[0])) as server:
            print(server.url(), flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

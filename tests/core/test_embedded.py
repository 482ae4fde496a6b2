"""Real servers in temporary folders: every way a user, a supervisor or a server can end."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from portal.core.embedded import EmbeddedError, running
from portal.core.embedded_binaries import service_account, usable_install, wanted_major, wheel_install
from portal.core.embedded_cluster import Home, is_server, pid_file

QUICK = {"fsync": False, "synchronous_commit": "off", "full_page_writes": False}
ROOT = Path(__file__).resolve().parents[2]
USER = """
import sys, time
from pathlib import Path
from portal.core.embedded import running
with running(Path(sys.argv[1]), settings={"fsync": False}) as server:
    print(server.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def initialised(tmp_path_factory) -> Path:
    """A data folder made once and copied by the tests that do not care how it is made."""
    folder = tmp_path_factory.mktemp("initialised") / "pg"
    with running(folder, settings=QUICK):
        pass
    gone(folder)
    return folder


@pytest.fixture
def folder(initialised, tmp_path) -> Path:
    copy = tmp_path / "pg"
    shutil.copytree(initialised, copy)  # under root the copy belongs to root, as after a restored backup
    yield copy
    gone(copy)


def servers(folder: Path) -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal() and is_server(int(name), folder / "data")]


def supervisors(folder: Path) -> list[int]:
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            words = Path("/proc", name, "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"portal.core.embedded_supervisor" in words and os.fsencode(folder) in words:
            found.append(int(name))
    return found


def gone(folder: Path) -> None:
    until(lambda: not servers(folder) and not supervisors(folder))


def until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.02)


def query(server, statement: str):
    with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def user(folder: Path) -> subprocess.Popen:
    """Another process that uses the server; ready when it has printed the server's process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    )
    process.server = int(process.stdout.readline())
    return process


def end(process: subprocess.Popen, sign: int = signal.SIGKILL) -> None:
    process.send_signal(sign)
    process.wait()
    process.stdout.close()


def test_first_start_then_warm_start(tmp_path):
    folder = tmp_path / "专板 数据" / "pg"
    began = time.monotonic()
    with running(folder, settings=QUICK) as server:
        assert time.monotonic() - began < 5
        assert server.version.split(".")[0] == str(wanted_major())
        assert pid_file(Home(folder)) == (server.pid, "ready")
        assert query(server, "select count(*) from pg_settings where name = 'listen_addresses' and setting = ''") == (1,)
        shown = {name: query(server, f"show {name}")[0] for name in
                 ("server_encoding", "data_checksums", "timezone", "jit", "shared_buffers", "fsync")}  # fmt: skip
        assert shown == {
            "server_encoding": "UTF8", "data_checksums": "on", "timezone": "UTC", "jit": "off",
            "shared_buffers": "128MB", "fsync": "off",
        }  # fmt: skip
        assert query(server, "select lower('ÄÉ'), 'Z' < 'a', '一' < '丁'") == ("äé", True, True)
        query(server, "create table kept (n int)")
        query(server, "insert into kept values (7)")
    gone(folder)
    warm = []
    for _ in range(3):
        began = time.monotonic()
        with running(folder, settings=QUICK) as server:
            warm.append(time.monotonic() - began)
            assert query(server, "select n from kept") == (7,)
        gone(folder)
    assert min(warm) < 1


def test_default_settings_are_durable(folder):
    with running(folder) as server:
        assert [query(server, f"show {name}")[0] for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3


def test_sqlalchemy_address_ignores_the_environment(folder, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    with running(folder, settings=QUICK) as server:
        query(server, 'create role "a b/ü"  login')
        engine = create_engine(server.url("a b/ü", "postgres"))
        with engine.connect() as connection:
            assert connection.execute(text("select current_user")).scalar_one() == "a b/ü"
        engine.dispose()


def test_two_users_share_and_the_last_one_ends_it(folder):
    with running(folder, settings=QUICK) as first:
        other = user(folder)
        assert other.server == first.pid
        with running(folder) as second:
            assert second.pid == first.pid
    time.sleep(0.5)
    assert is_server(other.server, folder / "data"), "the other process still uses it"
    end(other, signal.SIGTERM)
    gone(folder)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_ended_user_leaves_no_server(folder, sign):
    process = user(folder)
    assert servers(folder)
    end(process, sign)
    gone(folder)


def test_interrupt_to_the_whole_group_and_by_hand(folder):
    command = [sys.executable, "-m", "portal.core.embedded", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)
    assert process.stdout.readline().startswith("postgresql+psycopg://postgres@/postgres?host=/")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() == 0
    process.stdout.close()
    gone(folder)


def test_signal_to_the_supervisor_stops_the_server_though_it_is_used(folder):
    with running(folder, settings=QUICK) as server:
        (supervisor,) = supervisors(folder)
        os.kill(supervisor, signal.SIGTERM)
        gone(folder)
        with pytest.raises(EmbeddedError, match="没有运行"):
            server.pid  # noqa: B018


def test_killed_supervisor_is_replaced_and_its_server_adopted(folder):
    with running(folder, settings=QUICK) as server:
        (supervisor,) = supervisors(folder)
        os.kill(supervisor, signal.SIGKILL)
        until(lambda: not supervisors(folder))
        assert query(server, "select 1") == (1,)
        with running(folder) as second:
            assert second.pid == server.pid
            assert len(supervisors(folder)) == 1
    gone(folder)


def test_killed_postmaster_comes_back_with_what_was_committed(folder):
    with running(folder, settings={"synchronous_commit": "on"}) as server:
        query(server, "create table kept (n int)")
        query(server, "insert into kept values (7)")
        before = server.pid
        os.kill(before, signal.SIGKILL)
        until(lambda: not is_server(before, folder / "data"))
        until(lambda: (pid_file(Home(folder)) or (before, ""))[0] != before and pid_file(Home(folder))[1] == "ready")
        assert query(server, "select n from kept") == (7,)


def test_killed_supervisor_and_postmaster(folder):
    process = user(folder)
    (supervisor,) = supervisors(folder)
    os.kill(supervisor, signal.SIGKILL)
    os.kill(process.server, signal.SIGKILL)
    end(process)
    assert (folder / "data" / "postmaster.pid").exists(), "a stale file is left"
    with running(folder, settings=QUICK) as server:
        assert server.pid != process.server
        assert query(server, "select 1") == (1,)


def test_stale_pid_file_that_names_somebody_else(folder):
    """After a restart of the machine or container the number may belong to any process, here to ourselves."""
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/proc/self/cwd\n1\n5432\n.\n\n 1 1\nready   \n")
    with running(folder, settings=QUICK) as server:
        assert server.pid != os.getpid()


def test_many_users_at_the_same_moment_get_one_server(tmp_path):
    folder = tmp_path / "pg"
    command = [sys.executable, "-c", USER, str(folder)]
    users = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(4)]
    pids, together = [], threading.Barrier(3)

    def use() -> None:
        together.wait()
        with running(folder, settings=QUICK) as server:
            pids.append(server.pid)
            together.wait(timeout=30)

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    pids += [int(process.stdout.readline()) for process in users]
    for thread in threads:
        thread.join()
    assert len(pids) == 7 and len(set(pids)) == 1
    assert len(supervisors(folder)) == 1
    for process in users:
        end(process)
    gone(folder)


def test_leaving_and_coming_back_at_once(folder):
    for _ in range(5):
        with running(folder, settings=QUICK) as server:
            assert query(server, "select 1") == (1,)
        time.sleep(0.12)  # meet the supervisor while it takes the server down


def test_forked_child_neither_keeps_nor_ends_the_server(folder):
    ready, wake = os.pipe(), os.pipe()
    with running(folder, settings=QUICK) as server:
        child = os.fork()
        if child == 0:
            try:
                with running(folder) as same:
                    os.write(ready[1], b"y" if same.pid == server.pid else b"n")
                os.read(wake[0], 1)
            finally:
                os._exit(0)
        assert os.read(ready[0], 1) == b"y"
        time.sleep(0.5)
        assert query(server, "select 1") == (1,)
    gone(folder)  # the child still lives and has not gone through exec
    os.write(wake[1], b"x")
    os.waitpid(child, 0)
    for number in (*ready, *wake):
        os.close(number)


def test_child_that_leaves_the_block_of_its_parent(folder):
    child = -1
    try:
        with running(folder, settings=QUICK) as server:
            child = os.fork()
            if child:
                os.waitpid(child, 0)
                time.sleep(0.3)
                assert query(server, "select 1") == (1,)
    finally:
        if child == 0:
            os._exit(0)


def test_no_mode_is_widened(tmp_path):
    outer = tmp_path / "outer"
    folder = outer / "inner" / "pg"
    for path in (outer, outer / "inner"):
        path.mkdir(mode=0o700)
    before = {path: path.stat().st_mode for path in (*folder.parents,)}
    with running(folder, settings=QUICK):
        assert {path: path.stat().st_mode for path in folder.parents} == before
        for path in (folder, folder / "data"):
            assert path.stat().st_mode & 0o777 == 0o700
        for path in folder.iterdir():
            assert path.stat().st_mode & 0o077 == 0, path
        assert (folder / "data" / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
        assert servers(folder)
        if os.geteuid() == 0:
            assert (folder / "data").stat().st_uid not in (0, *(path.stat().st_uid for path in folder.parents))
    gone(folder)


def test_secrets_of_the_environment_stay_with_us(folder, monkeypatch):
    monkeypatch.setenv("PORTAL_MASTER_KEY", "not-for-the-server")
    with running(folder, settings=QUICK) as server:
        for pid in (server.pid, *supervisors(folder)):
            assert b"not-for-the-server" not in Path(f"/proc/{pid}/environ").read_bytes()


@pytest.mark.parametrize("name", ["很长的名字" * 12, "a,b"])
def test_path_unfit_for_a_socket(initialised, tmp_path, name):
    folder = tmp_path / name
    shutil.copytree(initialised, folder)
    with running(folder, settings=QUICK) as server:
        assert len(os.fsencode(server.host / ".s.PGSQL.5432")) <= 103 and "," not in str(server.host)
        assert server.host.parent.stat().st_mode & 0o777 == 0o700
        assert server.host.resolve() == folder / "data"
        assert query(server, "select 1") == (1,)
    server.host.unlink()
    gone(folder)


def test_data_of_another_major_version(folder):
    (folder / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedError, match="是 PostgreSQL 15 的数据"):
        running(folder).__enter__()
    assert not servers(folder) and not supervisors(folder)


def test_unknown_major_version(folder, monkeypatch):
    monkeypatch.setenv("PORTAL_POSTGRES_MAJOR", "17")
    with pytest.raises(EmbeddedError, match="只能是 16 或 18"):
        running(folder).__enter__()


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "pg").write_text("")
    with pytest.raises(EmbeddedError, match="不是文件夹"):
        running(tmp_path / "pg").__enter__()


def test_folder_not_writable():
    with pytest.raises(EmbeddedError, match=re.escape("/proc/1/pg")):
        running(Path("/proc/1/pg")).__enter__()


def test_foreign_files_in_the_place_of_the_data(tmp_path):
    (tmp_path / "pg" / "data").mkdir(parents=True)
    (tmp_path / "pg" / "data" / "letter.txt").write_text("keep me")
    with pytest.raises(EmbeddedError, match="内置数据库无法使用文件夹"):
        running(tmp_path / "pg", settings=QUICK).__enter__()
    assert (tmp_path / "pg" / "data" / "letter.txt").read_text() == "keep me"
    assert [path.name for path in (tmp_path / "pg").glob("data.new-*")] == []
    gone(tmp_path / "pg")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shared_buffers": "a lot"}, "shared_buffers"),
        ({"no_such_setting": 1}, "no_such_setting"),
        ({"listen_addresses": "*"}, "不接受设置“listen_addresses”"),
        ({"bad name": 1}, "不接受设置“bad name”"),
    ],
)
def test_refused_setting_is_named_and_the_next_start_works(folder, settings, said):
    with pytest.raises(EmbeddedError, match=said) as refusal:
        running(folder, settings=settings).__enter__()
    assert "\n" not in str(refusal.value)
    gone(folder)
    with running(folder, settings=QUICK) as server:
        assert query(server, "select 1") == (1,)


def test_disk_full(folder):
    (folder / "data" / "postmaster.opts").unlink()
    (folder / "data" / "postmaster.opts").symlink_to("/dev/full")  # the first file a starting server writes
    (folder / "supervisor.log").unlink()
    (folder / "supervisor.log").symlink_to("/dev/full")
    with pytest.raises(EmbeddedError, match="磁盘已满") as refusal:
        running(folder, settings=QUICK).__enter__()
    assert str(folder) in str(refusal.value)


@pytest.fixture
def unreachable_install(tmp_path) -> Path:
    """The program files in a private folder, as when the portal is installed below /root."""
    original = wheel_install(wanted_major())
    install = tmp_path / original.parent.name / original.name
    shutil.copytree(original, install, ignore=shutil.ignore_patterns("*.a", "include"))
    libraries = original.parent.parent / f"{original.parent.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, tmp_path / libraries.name)
    tmp_path.chmod(0o700)
    return install


def test_unreachable_program_files_are_copied_once(unreachable_install):
    account = service_account(unreachable_install / "no-data-yet")
    with tempfile.TemporaryDirectory() as copies:
        os.chmod(copies, 0o755)
        found = usable_install(unreachable_install, account, Path(copies))
        if account is None:
            assert found == unreachable_install, "whoever owns the files can run them"
            return
        assert found.is_relative_to(copies)
        made = (found / "bin" / "postgres").stat().st_ino
        assert usable_install(unreachable_install, account, Path(copies)) == found
        assert (found / "bin" / "postgres").stat().st_ino == made
        assert len(os.listdir(copies)) == 1

"""`portal demo`: everything a newcomer needs, on one machine: secrets, assets, database, a fictional board, index, worker, web."""

import argparse
import os
import secrets
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from sqlalchemy import create_engine, func, select

from portal.cli import assets, secrets_file
from portal.cli.demo.board import ACCOUNTS
from portal.cli.process import process
from portal.cli.serve import port_taken, serve
from portal.config import ROOT, Settings, env_file, load_settings
from portal.core.context import Context
from portal.core.worker import start_thread
from portal.enterprises.models import Enterprise
from portal.migrations.run import current, head, upgrade
from portal.screening.services import rebuild
from portal.web.logs import configure_logs
from portal.wiring import JOBS, equip

BARE = True  # makes its own settings before it can have a context
REGISTER = ROOT.parent / "shared" / "data" / "registry" / "tech_manufacturing_sample_by_province.csv.gz"


def add(subparsers: argparse._SubParsersAction) -> None:
    command = subparsers.add_parser("demo", help="装好一个虚构的专板并启动网站")
    command.add_argument("--prepare", action="store_true", help="只准备，不启动")
    command.add_argument("--register", type=Path, help="企业登记名录（CSV、XLSX、gz），与虚构的专板一起装入")


def run(args: argparse.Namespace, _context: None) -> int:
    say = Console(stderr=True).print
    password = os.environ.get("PORTAL_DEMO_PASSWORD") or secrets.token_urlsafe(9)
    env = secrets_file.ensure(env_file(), {"PORTAL_DEMO": "1", "PORTAL_DEMO_PASSWORD": password})
    os.environ.setdefault("PORTAL_BASE_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    settings = load_settings()
    if not args.prepare and port_taken(settings.host, settings.port):
        print(f"端口 {settings.port} 已被占用。用 PORT=8001 make demo 换一个，或先停下占用它的程序。", file=sys.stderr)
        return 2
    if not assets.up_to_date(ROOT):
        say("取前端资源 …")
    try:
        assets.fetch_assets(ROOT)
    except assets.AssetsError as error:
        print(error, file=sys.stderr)
        return 2
    with process(settings) as context:
        equip(context)
        prepare(context, env["PORTAL_DEMO_PASSWORD"], args.register, say)
        if args.prepare:
            return 0
        configure_logs("WARNING")
        once_it_answers(settings, lambda: go_on(context, env["PORTAL_DEMO_PASSWORD"], say))
        return serve(context)


def once_it_answers(settings: Settings, then: Callable[[], None]) -> None:
    """Call `then` when the site answers: the web process is forked by then, and inherits no thread's half-held locks."""

    def wait() -> None:
        while not _answers(settings):
            time.sleep(0.05)
        then()

    threading.Thread(target=wait, name="waiting", daemon=True).start()


def _answers(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"http://{settings.host}:{settings.port}/healthz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def go_on(context: Context, password: str, say: Console.print) -> None:
    """Start the worker in this process and tell the newcomer where to go."""
    start_thread(context, JOBS)
    announce(context.settings.port, password, say)


def prepare(context: Context, password: str, register: Path | None, say: Console.print) -> None:
    """Schema, fictional board, register and index, each only where it is not there yet."""
    with context.database.app.connect() as connection:
        at = current(connection)
    if at != head():
        say("建立数据库 …")
        owner = create_engine(context.urls.owner or "")
        upgrade(owner)
        owner.dispose()
    with context.database.system_session() as db:
        empty = not db.scalar(select(Enterprise.id).limit(1))
    if empty:
        say("装入虚构的专板 …")
        from portal.cli.demo.content import fill

        fill(context, password)
    load_register(context, register, say)
    if not context.parts["search"].health().ok:
        say("建立搜索索引 …")
        rebuild(context.database, context.parts["search"])


def load_register(context: Context, register: Path | None, say: Console.print) -> None:
    """Take in the register of real companies, once: the file named, else the one that lies beside the project."""
    file = register or (REGISTER if REGISTER.exists() else None)
    with context.database.system_session() as db:
        known = db.scalar(select(func.count()).select_from(Enterprise).where(Enterprise.demo.is_(False))) or 0
    if known:
        return
    if file is None:
        say("没有登记名录：先用虚构的专板。装入名录：portal import enterprises 文件 --source 来源")
        return
    say("装入登记名录（只有登记信息，不是专板企业）…")
    from portal.cli.main import parser
    from portal.cli.import_ import run as run_import

    words = ["import", "enterprises", str(file), "--source", "企业登记名录", "--source-date", "2019-12-31"]
    run_import(parser("import").parse_args(words), context)


def announce(port: int, password: str, say: Console.print) -> None:
    """What a newcomer needs to go on."""
    say(f"\n[bold]http://127.0.0.1:{port}[/bold]　演示账户（密码都是 [bold]{password}[/bold]）：")
    for account in ACCOUNTS:
        say(f"  {account.username:<12}{account.organisation}（{account.note}）")
    say("停止：Ctrl-C\n")

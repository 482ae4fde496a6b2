"""`portal serve`: the web server (granian) over this installation's database."""

import argparse
import socket
import sys

from granian import Granian
from granian.constants import Interfaces

from portal.core.context import Context
from portal.migrations.run import current, head
from portal.web.logs import configure_logs


# Seconds that a stopping portal waits for answers under way; a browser's idle connection must not hold it up for ever.
LAST_ANSWERS = 5


def add(subparsers: argparse._SubParsersAction) -> None:
    command = subparsers.add_parser("serve", help="启动网站")
    command.add_argument("--workers", type=int, default=1, help="进程数")
    command.add_argument("--threads", type=int, default=8, help="每个进程同时处理的请求数")


def run(args: argparse.Namespace, context: Context) -> int:
    configure_logs()
    behind = version_gap(context)
    if behind:
        print(behind, file=sys.stderr)
        return 2
    return serve(context, workers=args.workers, threads=args.threads)


def version_gap(context: Context) -> str | None:
    """A sentence when the database is not at this program's version, else None."""
    with context.database.app.connect() as connection:
        at = current(connection)
    if at == head():
        return None
    return f"数据库版本是 {at or '（空）'}，程序要 {head()}。先运行 portal migrate。"


def port_taken(host: str, port: int) -> bool:
    """Whether somebody listens there already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def serve(context: Context, *, workers: int = 1, threads: int = 8) -> int:
    """Serve until SIGINT or SIGTERM; 2 with a sentence when the port is taken."""
    settings = context.settings
    if port_taken(settings.host, settings.port):
        print(f"端口 {settings.host}:{settings.port} 已被占用。用 PORT= 换一个端口，或先停下占用它的程序。", file=sys.stderr)
        return 2
    context.urls.export()
    server = Granian(
        "wsgi:app", address=settings.host, port=settings.port, interface=Interfaces.WSGI, workers=workers,
        blocking_threads=threads, backlog=512, log_enabled=False, respawn_failed_workers=True,
        workers_kill_timeout=LAST_ANSWERS,
    )  # fmt: skip
    server.serve()
    return 0



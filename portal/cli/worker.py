"""`portal worker`: run queued jobs until stopped."""

import argparse
import asyncio

from portal.core.context import Context
from portal.core.worker import queue_app, work
from portal.web.logs import configure_logs
from portal.wiring import JOBS


def add(subparsers: argparse._SubParsersAction) -> None:
    command = subparsers.add_parser("worker", help="执行排队的工作")
    command.add_argument("--once", action="store_true", help="做完排队的就结束")


def run(args: argparse.Namespace, context: Context) -> int:
    configure_logs()
    asyncio.run(work(queue_app(context, JOBS), wait=not args.once))
    return 0

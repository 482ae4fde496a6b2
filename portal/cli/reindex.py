"""`portal reindex`: build the search index anew beside the old one; `--check` compares it with the database."""

import argparse
import json
import sys

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import func, select

from portal.core.context import Context
from portal.enterprises.models import Enterprise
from portal.screening.services import drift, rebuild
from search.errors import SearchError

SHOWN = 50


def add(subparsers: argparse._SubParsersAction) -> None:
    command = subparsers.add_parser("reindex", help="重建或核对搜索索引")
    command.add_argument("--check", action="store_true", help="只核对，说出索引与数据库的差别")
    command.add_argument("--json", action="store_true", help="输出 JSON")


def run(args: argparse.Namespace, context: Context) -> int:
    try:
        return _check(args, context) if args.check else _rebuild(args, context)
    except SearchError as error:
        print(f"{error}：{error.detail}" if error.detail else error, file=sys.stderr)
        return 2


def _check(args: argparse.Namespace, context: Context) -> int:
    lines = drift(context.database, context.parts["search"])
    if args.json:
        print(json.dumps({"differences": len(lines), "first": lines[:SHOWN]}, ensure_ascii=False))
    else:
        print("\n".join(lines[:SHOWN]) if lines else "索引与数据库一致。")
        if len(lines) > SHOWN:
            print(f"……共 {len(lines):,} 处差别。运行 portal reindex 重建。")
    return 1 if lines else 0


def _rebuild(args: argparse.Namespace, context: Context) -> int:
    with context.database.system_session() as db:
        total = db.scalar(select(func.count()).select_from(Enterprise)) or 0
    columns = (TextColumn("重建索引"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=args.json or not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=total)
        done = rebuild(context.database, context.parts["search"], lambda n: bar.update(task, completed=n))
    print(json.dumps({"indexed": done}) if args.json else f"索引里有 {done:,} 家企业。")
    return 0

"""`portal evidence`: verify the log, seal what waits, hand out checkpoint and public key."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from portal.core.context import Context
from portal.evidence.notes import LONGEST, verifier
from portal.evidence.queries import latest_note
from portal.evidence.sealing import seal
from portal.evidence.verify import Report, verify

FOUND, UNUSABLE = 1, 2


def add(subparsers: argparse._SubParsersAction) -> None:
    command = subparsers.add_parser("evidence", help="核验存证日志")
    verbs = command.add_subparsers(dest="verb", required=True, metavar="动作")
    check = verbs.add_parser("verify", help="从记录重算整个日志，说出第一处不符")
    check.add_argument("--checkpoint", metavar="文件", help="再与在外保存的检查点比对：截去尾部再签名只有这样看得出")
    check.add_argument("--json", action="store_true", help="结果写成 JSON")
    sealing = verbs.add_parser("seal", help="现在就封存等待的记录")
    sealing.add_argument("--json", action="store_true", help="结果写成 JSON")
    verbs.add_parser("checkpoint", help="写出最近的检查点，供在外保存")
    verbs.add_parser("key", help="写出核验公钥")


def run(args: argparse.Namespace, context: Context) -> int:
    """0: everything fits; 1: a break was found, or there is no checkpoint yet; 2: the file cannot be read."""
    return {"verify": _verify, "seal": _seal, "checkpoint": _checkpoint, "key": _key}[args.verb](args, context)


def _verify(args: argparse.Namespace, context: Context) -> int:
    outside = None
    if args.checkpoint:
        try:
            outside = _read(Path(args.checkpoint))
        except (OSError, UnicodeDecodeError, ValueError) as error:
            print(f"读不了检查点文件 {args.checkpoint}：{getattr(error, 'strerror', None) or '不是检查点'}。", file=sys.stderr)
            return UNUSABLE
    report = _with_progress(context, outside)
    if args.json:
        print(json.dumps({"ok": report.broken is None, **asdict(report)}, ensure_ascii=False))
    else:
        _say(report)
    return FOUND if report.broken else 0


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise ValueError("too long for a checkpoint")
    return data.decode()


def _with_progress(context: Context, outside: str | None) -> Report:
    columns = (TextColumn("核验"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        return verify(
            context.database, context.settings, outside=outside,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip


def _say(report: Report) -> None:
    print(f"已核对：{report.leaves} 条叶，{report.opened} 份原文，{report.checkpoints} 个封存点；"
          f"依法删除的原文 {report.erased} 份，等待封存 {report.waiting} 条。")  # fmt: skip
    print(f"第一处不符：{report.broken.text}。" if report.broken else "日志完整，没有发现改动。")


def _seal(args: argparse.Namespace, context: Context) -> int:
    done = seal(context.database, context.settings)
    if args.json:
        print(json.dumps(asdict(done)))
    else:
        print(f"封存了 {done.added} 条，日志现有 {done.size} 条。")
    return 0


def _checkpoint(_args: argparse.Namespace, context: Context) -> int:
    with context.database.session() as db:
        newest = latest_note(db)
    if newest is None:
        print("还没有封存点。", file=sys.stderr)
        return FOUND
    sys.stdout.write(newest.note)
    return 0


def _key(_args: argparse.Namespace, context: Context) -> int:
    print(verifier(context.settings).text)
    return 0

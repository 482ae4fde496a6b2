"""`portal import enterprises FILE`: take a register's file in."""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from portal.core.clock import now
from portal.core.context import Context
from portal.enterprises.intake.columns import HEADINGS, read_mapping
from portal.enterprises.intake.report import RejectReport
from portal.enterprises.intake.run import Summary, import_rows
from portal.enterprises.intake.source import LIMIT, MEBIBYTE, BadFile, open_source

SOURCE_LENGTH = 80


def add(subparsers: argparse._SubParsersAction) -> None:
    """Put `import` and its one kind of file on the command line."""
    command = subparsers.add_parser("import", help="导入企业名录")
    kinds = command.add_subparsers(dest="kind", required=True, metavar="内容")
    enterprises = kinds.add_parser(
        "enterprises", help="企业登记名录：CSV、XLSX，或 gzip 压缩的 CSV",
        description="导入企业登记名录。认识的列名：" + "、".join(names[0] for names in HEADINGS.values()) + "。"
        "退出码：0 已导入（个别行可能被拒），2 没有导入任何内容。",
    )  # fmt: skip
    enterprises.add_argument("file", type=Path, help="名录文件")
    enterprises.add_argument("--source", required=True, help="来源的名字，随每个事实保存，例如 登记机关")
    enterprises.add_argument("--source-date", type=_day, help="来源的日期，例如 2026-10-31；不写则为今天")
    enterprises.add_argument("--mapping", type=Path, help="列名对照文件（JSON 或 CSV）")
    enterprises.add_argument("--rejects", type=Path, help="被拒内容的清单写到哪里（CSV）；不写则放在 var/imports")
    enterprises.add_argument("--limit", type=_megabytes, default=LIMIT, help="文件上限，单位 MB，解开后计算（默认 200）")
    enterprises.add_argument("--json", action="store_true", help="结果写成一行 JSON")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} 不是日期，要写成 2026-10-31") from None


def _megabytes(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text} 不是兆字节数")
    return int(text) * MEBIBYTE


def run(args: argparse.Namespace, context: Context) -> int:
    """0 when the file was taken, 2 when nothing was."""
    source = args.source.strip()
    if not source or len(source) > SOURCE_LENGTH or not source.isprintable():
        return _failed(args, f"来源的名字要写 1 到 {SOURCE_LENGTH} 个字。")
    rejects = args.rejects or _default_rejects(args.file, context.settings.portal_var)
    try:
        mapping = read_mapping(args.mapping) if args.mapping else None
        with (
            open_source(args.file, args.limit) as opened,
            RejectReport(rejects) as report,
            context.database.system_session() as db,
            _bar(opened.size, quiet=args.json) as progress,
        ):
            summary = import_rows(
                db, opened, source=source, source_date=args.source_date, mapping=mapping, refused=report.add, progress=progress
            )
            if summary.rows == 0:
                raise BadFile(f"{args.file} 只有表头，没有数据。")
    except BadFile as error:
        return _failed(args, str(error))
    except OSError as error:
        return _failed(args, f"写不了被拒清单 {rejects}：{error.strerror or error}。用 --rejects 换一个地方。")
    _say(args, summary, rejects if report.count else None)
    return 0


def _default_rejects(file: Path, var: Path) -> Path:
    stem = re.sub(r"[^\w.-]", "_", file.name.split(".")[0])[:60] or "import"
    return var / "imports" / f"{stem}-{now():%Y%m%dT%H%M%S}-rejects.csv"


def _failed(args: argparse.Namespace, sentence: str) -> int:
    if args.json:
        print(json.dumps({"ok": False, "error": sentence}, ensure_ascii=False))
    print(sentence, file=sys.stderr)
    return 2


def _say(args: argparse.Namespace, summary: Summary, rejects: Path | None) -> None:
    if args.json:
        print(json.dumps({"ok": True, **summary.as_json(), "rejects": str(rejects) if rejects else None}, ensure_ascii=False))
        return
    rate = summary.rows / summary.seconds if summary.seconds else 0
    print(f"读入 {summary.rows:,} 行，接受 {summary.accepted:,}，拒绝 {summary.rejected:,}。"
          f"新增 {summary.added:,}，更新 {summary.updated:,}，未变化 {summary.unchanged:,}。"
          f"用时 {summary.seconds:.1f} 秒（每秒 {rate:,.0f} 行）。")  # fmt: skip
    for refusal in [refusal for refusal in summary.first_refusals if refusal.whole][:10]:
        where = f"第 {refusal.line} 行" + (f"，{refusal.column} 列" if refusal.column else "")
        print(f"拒绝：{where}：{refusal.reason}。")
    if summary.values_refused:
        print(f"另有 {summary.values_refused:,} 个值看不懂，那些行已导入、值留空：")
        for refusal in [refusal for refusal in summary.first_refusals if not refusal.whole][:10]:
            print(f"  第 {refusal.line} 行，{refusal.column} 列，“{refusal.value[:40]}”：{refusal.reason}。")
    if rejects:
        print(f"全部被拒内容在 {rejects}。")


@contextmanager
def _bar(size: int, *, quiet: bool) -> Iterator[Callable[[int, Summary], None]]:
    """A bar on a terminal, by bytes read; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("导入"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]:,} 行"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", total=size, rows=0)
        yield lambda read, summary: bar.update(task, completed=read, rows=summary.rows)

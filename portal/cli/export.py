"""`portal export REPORT_REF --to FILE`: the package of a filed report, as it was filed."""

import argparse
import hashlib
import os
import sys
from pathlib import Path

from sqlalchemy import select

from portal.access.actor import ANONYMOUS
from portal.core.context import Context
from portal.core.ids import is_ref
from portal.core.storage import StoreUnavailable
from portal.evidence.services import record
from portal.reports.kept import Damaged, fetch
from portal.reports.models import Filing, PeriodicReport

REFUSED = 2


def add(subparsers: argparse._SubParsersAction) -> None:
    command = subparsers.add_parser("export", help="导出已报送的报告")
    command.add_argument("report", metavar="REPORT_REF", help="报告编号，报告页地址里的 16 个字符")
    command.add_argument("--to", required=True, type=Path, metavar="FILE", help="写到哪个文件（.xbri）；已有的文件不覆盖")


def run(args: argparse.Namespace, context: Context) -> int:
    """Write the package and record that it left; the file appears whole or not at all, and only with its record."""
    if args.to.exists():
        return _say(f"{args.to} 已存在，没有覆盖。换一个文件名。")
    if not args.to.absolute().parent.is_dir():
        return _say(f"没有文件夹 {args.to.absolute().parent}。")
    part = args.to.with_name(f".{args.to.name}.part")
    try:
        with context.database.system_session() as db:
            found = db.execute(
                select(Filing, PeriodicReport)
                .join(PeriodicReport, PeriodicReport.id == Filing.report_id)
                .where(PeriodicReport.ref == (args.report if is_ref(args.report) else ""))
            ).one_or_none()
            if found is None:
                return _say(f"没有已报送的报告 {args.report}。草稿不能导出。")
            filing, report = found
            data = fetch(context.store, report.files["xbri"])  # type: ignore[index]
            if hashlib.sha256(data).hexdigest() != filing.sha256:
                return _say("存着的文件和报送时的摘要不一致，没有导出。")
            part.write_bytes(data)
            about = {"report": report.ref, "version": report.version, "filing": filing.ref, "sha256": filing.sha256}
            record(db, "report.exported", actor=ANONYMOUS, owner=filing.owner, about=about)
        os.replace(part, args.to)
    except StoreUnavailable as error:
        return _say(f"存放文件的地方读不到这份报告（{error}）。")
    except Damaged:
        return _say("存着的文件和校验时的摘要不一致，没有导出。")
    except OSError as error:
        return _say(f"写不了 {args.to}：{error.strerror}。")
    finally:
        part.unlink(missing_ok=True)
    print(f"{args.to}：{filing.name} {filing.year} 年报告，{filing.size:,} 字节，SHA-256 {filing.sha256}。")
    return 0


def _say(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return REFUSED

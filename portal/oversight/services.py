"""What overseers are shown of filings, recorded with the answer: metadata only, and a file of it."""

import csv
import io
from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.core.clock import local
from portal.core.errors import NotAllowed
from portal.core.paging import Page
from portal.reports.models import Filing
from portal.reports.queries import Wanted, all_filings, filings
from portal.reports.services import record_filings_read
from portal.reports.words import FILING_STATES, KIND_NAMES

MOST_LINES = 20_000
HEADER = ("企业名称", "统一社会信用代码", "报告类别", "年度", "状态", "报送时间（北京时间）", "报告包 SHA-256", "大小（字节）", "事实数", "校验")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def read_filings(db: Session, actor: Actor, wanted: Wanted, number: int = 1) -> tuple[list[Filing], Page]:
    """One page of filings; that they were shown is recorded for each enterprise by itself. Raises NotAllowed."""
    _may(actor)
    rows, page = filings(db, actor, wanted, number)
    record_filings_read(db, actor, rows)
    return rows, page


def latest_filings(db: Session, actor: Actor, n: int) -> list[Filing]:
    """The newest filings for a start page, recorded like the list. Raises NotAllowed."""
    _may(actor)
    rows = all_filings(db, actor, Wanted(), n)
    record_filings_read(db, actor, rows)
    return rows


def filings_file(db: Session, actor: Actor, wanted: Wanted) -> tuple[bytes, bool]:
    """The filings as CSV that a spreadsheet opens in Chinese, and whether all of them fit; recorded like the list.

    UTF-8 with a byte order mark. A text that a spreadsheet would run as a formula gets an apostrophe before it (CWE-1236).
    """
    _may(actor)
    rows = all_filings(db, actor, wanted, MOST_LINES + 1)
    whole, rows = len(rows) <= MOST_LINES, rows[:MOST_LINES]
    record_filings_read(db, actor, rows)
    return _written(rows), whole


def _may(actor: Actor) -> None:
    if not actor.may(Action.FILING_OVERSEE):
        raise NotAllowed("报送情况只给运营机构和监管部门看。")


def _written(rows: Sequence[Filing]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for filing in rows:
        texts = (
            filing.name, filing.uscc, KIND_NAMES[filing.kind], str(filing.year), FILING_STATES[filing.state][1],  # type: ignore[index]
            f"{local(filing.filed_at):%Y-%m-%d %H:%M:%S}", filing.sha256, str(filing.size), str(filing.facts), filing.validator,
        )  # fmt: skip
        writer.writerow([neutral(text) for text in texts])
    return out.getvalue().encode("utf-8-sig")


def neutral(text: str) -> str:
    """A cell that no spreadsheet runs."""
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip(" ").startswith(FORMULA) else text

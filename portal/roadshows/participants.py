"""The operator's list of participants as CSV for a spreadsheet, with nothing in it that a spreadsheet would run."""

import csv
from collections.abc import Iterable
from io import StringIO

from portal.access.principals import KIND_NAMES, OrgKind
from portal.core.clock import local
from portal.roadshows.models import RegistrationState
from portal.roadshows.queries import Participant
from portal.roadshows.words import REGISTRATION_STATES

COLUMNS = ("姓名", "机构", "机构类型", "状态", "报名时间", "取消时间")
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def participants_file(rows: Iterable[Participant]) -> bytes:
    """UTF-8 with a mark at its head, by which spreadsheets know it; CRLF as RFC 4180 says."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        seat = row.registration
        stamps = [f"{local(at):%Y-%m-%d %H:%M}" if at else "" for at in (seat.created_at, seat.cancelled_at)]
        words = (row.person, row.organisation, KIND_NAMES[OrgKind(row.kind)], REGISTRATION_STATES[RegistrationState(seat.state)])
        writer.writerow([harmless(text) for text in (*words, *stamps)])
    return out.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula: an apostrophe before what could start one."""
    return f"'{text}" if text.lstrip(" ").startswith(_RUN) or text.startswith(_RUN) else text

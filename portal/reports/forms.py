"""Forms of reports: what is typed, bounded and named. Cells of a sheet are fields named by their fact id."""

from collections.abc import Mapping
from datetime import date

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import HiddenField, IntegerField, SelectField
from wtforms.validators import InputRequired, Optional

from portal.core.clock import today
from portal.reports.concepts import Concept, concepts
from portal.reports.facts import Cell, Report, Value
from portal.reports.figures import TRUTH
from portal.reports.sheets import NOTHING
from portal.reports.statements import parse_amount
from portal.reports.words import KIND_NAMES
from portal.web.forms import PortalForm

STRING_LENGTH, TEXT_LENGTH = 200, 100_000
# What the page 公司与文字 asks for; name and credit code come from the register.
ABOUT = (
    "ReportApprovalDate", "IsAudited", "AuditFirmName", "BoardCode", "SecurityCode", "MainProducts", "EmployeeCount",
    "ResearchStaffCount", "InventionPatentCount",
)  # fmt: skip
NARRATIVES = (
    "BusinessOverviewTextBlock", "ManagementDiscussionTextBlock", "MaterialEventsTextBlock", "AccountingPoliciesTextBlock",
    "NotesToStatementsTextBlock",
)  # fmt: skip


class BeginForm(PortalForm):
    """Which report to begin, and a file of statements if there is one; `company` picks one when the file holds several."""

    kind = SelectField(_("报告类别"), choices=[(kind.value, name) for kind, name in KIND_NAMES.items()],
                       validators=[InputRequired("选一类报告。")])  # fmt: skip
    year = IntegerField(_("年度"), validators=[InputRequired("写四位年份，例如 2025。")], default=lambda: today().year - 1)
    file = FileField(_("财务报表文件"), validators=[Optional()])
    company = SelectField(_("文件里的哪家公司"), choices=[], validate_choice=False, validators=[Optional()])

    def content(self, limit: int) -> bytes | None:
        """What was uploaded, at most one octet more than `limit`; None without a file."""
        file = self.file.data
        return file.read(limit + 1) if isinstance(file, FileStorage) and file.filename else None


class SheetForm(PortalForm):
    """What every sheet carries besides its cells: the version of the report that was seen."""

    version = HiddenField()

    def seen(self, report_version: int) -> int:
        """The version seen; one that was never given counts as the first, so that nothing newer is overwritten."""
        text = self.version.data or ""
        return min(int(text), report_version) if text.isascii() and text.isdigit() and len(text) < 9 else 1


class ActForm(PortalForm):
    """A verb that asks nothing more; `version` is what the person decided on."""

    version = HiddenField()


def about_cells(report: Report) -> list[Cell]:
    """The cells of the page 公司与文字, in order."""
    return [report.cell(name) for name in (*ABOUT, *NARRATIVES)]


def about_typed(texts: Mapping[str, str], report: Report) -> tuple[dict[Cell, Value | None], dict[Cell, str]]:
    """What was typed about the company, and a sentence for each field that cannot be taken; an empty field empties its cell."""
    found: dict[Cell, Value | None] = {}
    wrong: dict[Cell, str] = {}
    for cell in about_cells(report):
        text = texts.get(cell.id)
        if text is None:
            continue
        try:
            found[cell] = _value(concepts()[cell.concept], text.strip().replace("\r\n", "\n"))
        except ValueError as error:
            wrong[cell] = str(error)
    return found, wrong


def _value(concept: Concept, text: str) -> Value | None:
    if not text or (concept.numeric and text in NOTHING):
        return None
    if concept.numeric:
        value, _decimals = parse_amount(text, concept)
        if value < 0:
            raise ValueError(f"{concept.zh}不能小于 0。")
        return value
    if concept.type == "date":
        return _day(text)
    if concept.type == "boolean":
        if text not in TRUTH:
            raise ValueError(f"{concept.zh}选“是”或“否”。")
        return TRUTH[text]
    limit = TEXT_LENGTH if concept.type == "textblock" else STRING_LENGTH
    if len(text) > limit:
        raise ValueError(f"{concept.zh}最多 {limit:,} 个字，现在 {len(text):,} 个。")
    if any(not letter.isprintable() for letter in text if letter not in "\n\t"):
        raise ValueError(f"{concept.zh}里有看不见的控制字符。重新粘贴为纯文本。")
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("日期写成 2026-04-20 这样。") from None


def about_written(value: Value | None) -> str:
    """A value as its field shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)

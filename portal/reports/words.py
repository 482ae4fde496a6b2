"""How kinds and states of reports and filings read in Chinese."""

from portal.reports.models import FilingState, Kind, PeriodicReport, State

KIND_NAMES = {Kind.ANNUAL: "年度报告"}
# (kind of chip, word, icon) as templates/components/state.html takes them.
STATES = {
    State.DRAFT: ("", "草稿", "pencil"),
    State.CHECKED: ("now", "已通过校验", "circle-check"),
    State.FILED: ("ok", "已报送", "check"),
    State.SUPERSEDED: ("", "已被更正", "history"),
}
FILING_STATES = {FilingState.FILED: ("ok", "有效", "check"), FilingState.SUPERSEDED: ("", "已被更正", "history")}
FORM_NAMES = {"xbri": "报告包 .xbri", "xhtml": "网页 iXBRL", "xml": "XBRL 实例", "json": "xBRL-JSON"}


def report_title(report: PeriodicReport) -> str:
    """A report in words: 2025 年年度报告, with 更正 when it takes the place of a filed one."""
    return f"{report.year} 年{KIND_NAMES[Kind(report.kind)]}" + ("（更正）" if report.corrects else "")

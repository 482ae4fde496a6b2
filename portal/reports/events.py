"""What higher features may want to know of reports."""

from dataclasses import dataclass

from portal.core.events import Event


@dataclass(frozen=True)
class ReportFiled(Event):
    """A report was filed; `filing` is the reference of its filing, `corrects` that it took the place of an earlier one."""

    report_id: int
    filing: str
    enterprise_id: int
    owner: int
    year: int
    corrects: bool

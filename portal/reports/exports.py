"""From a report to the file that is filed: quick checks, page, package, validation; a report with an error gives no file."""

from dataclasses import dataclass

from portal.reports.facts import Report
from portal.reports.ixbrl import render, unprinted
from portal.reports.package import report_package
from portal.reports.problems import Problem, errors, place
from portal.reports.totals import check
from portal.reports.validate import MEGABYTES, SECONDS, validate


@dataclass(frozen=True)
class Files:
    """The forms of one valid report: `xbri` is the one that is filed, the others are made from the same facts."""

    xbri: bytes
    xhtml: bytes
    instance: bytes
    json: bytes


@dataclass(frozen=True)
class Export:
    """The result: the findings, and the files unless a finding is an error."""

    problems: tuple[Problem, ...]
    files: Files | None


def export(report: Report, name: str, *, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> Export:
    """Exports a report, or says which cells stop it.

    `name` is the file name without ending, ASCII letters, digits, - and _. The quick checks come first, so an ordinary
    mistake never starts the validator. Same report, same bytes.
    """
    problems = [*check(report), *_lost(report)]
    if errors(problems):
        return Export(tuple(problems), None)
    xhtml = render(report).encode()
    xbri = report_package(xhtml, name)
    outcome = validate(xbri, report, seconds=seconds, megabytes=megabytes)
    problems += outcome.problems
    if errors(problems) or outcome.instance is None or outcome.json is None:
        unmade = () if errors(problems) else (Problem("error", "portal:not-derived", "没有生成 XBRL 实例文档。"),)
        return Export((*problems, *unmade), None)
    return Export(tuple(problems), Files(xbri, xhtml, outcome.instance, outcome.json))


def _lost(report: Report) -> list[Problem]:
    text = "{place}不属于这份报告的期间，无处可放。"
    return [Problem("error", "portal:unprinted", text.format(place=place(fact.cell)), (fact.cell,)) for fact in unprinted(report)]

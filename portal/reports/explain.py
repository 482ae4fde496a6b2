"""Arelle's messages in words that the author of a report understands, each tied to the cells it is about."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from portal.reports.concepts import concepts, totals
from portal.reports.facts import Cell, Report, parse_cell
from portal.reports.problems import Problem, place
from portal.reports.totals import sum_sentence

LEVELS = {"INCONSISTENCY": "error", "ERROR": "error", "CRITICAL": "error", "WARNING": "warning"}
GRAVE = {"arelle:duplicateFacts"}  # a warning to Arelle; two figures in one cell cannot be filed
UNEQUAL = "{total}与各项之和不符。"
VALIDATED = "validated in"
MISSING_RULE = re.compile(r"message:ZB_REQ_(\w+)$")
# the first pattern that fits a code gives the sentence; {place} is the first cell in words
SENTENCES = (
    (r"xmlSchema:valueError|ix11\.\S*transformValueError", "{place}的值不合格式。"),
    (r"utre:|xbrl\.4\.8\.2", "{place}的计量单位不对。"),
    (r"xbrl\.4\.7\.2", "{place}的期间不对：余额要用时点，发生额要用期间。"),
    (r"xbrldie:", "{place}的合并或母公司口径不对。"),
    (r"enum2ie:", "{place}不在可选项里。"),
    (r"arelle:duplicateFacts", "{place}写了两个不同的数。"),
    (r"rpe:|tpe:|arelle:reportPackage", "报告包的结构不合格。"),
    (r"IOerror|FileNotLoadable|xbrl\.3\.2\.5", "报告用到的分类标准没有载入。"),
    (r"xmlSchema:syntax|lxml\.|ix11\.", "报告页面不是合格的 Inline XBRL。"),
    (r"err:|calc11e:|arelle:", "有的数读不出来，勾稽没有算完。"),
)


def explain(messages: Iterable[Mapping[str, Any]], report: Report) -> list[Problem]:
    """The problems in a run's messages, value errors before what follows from them, none twice.

    Silence is not success: unless the run says that it validated, the result holds an error. A message that names no cell
    is kept with Arelle's own words.
    """
    found: dict[tuple[str, tuple[Cell, ...], str], Problem] = {}
    validated = False
    for message in messages:
        validated = validated or (message["code"] == "info" and message["text"].startswith(VALIDATED))
        level = "error" if message["code"] in GRAVE else LEVELS.get(message["level"])
        if level:
            problem = _problem(level, message, report)
            found.setdefault((problem.code, problem.cells, problem.text), problem)
    problems = sorted(found.values(), key=lambda problem: (problem.level != "error", not problem.cells, _rank(problem.code)))
    if not validated:
        problems.insert(0, Problem("error", "portal:not-validated", "报告没有读完，校验没有完成。"))
    return problems


def _rank(code: str) -> int:
    """Causes before consequences: a value that cannot be read, then a wrong total, then a rule it breaks, then what was not computed."""
    return {"calc11e": 1, "message": 2, "err": 3}.get(code.partition(":")[0], 0)


def _problem(level: Any, message: Mapping[str, Any], report: Report) -> Problem:
    code, text = message["code"], " ".join(message["text"].split())
    cells = tuple(dict.fromkeys(cell for cell in map(parse_cell, message["ids"]) if cell))
    rule = MISSING_RULE.search(code)
    if rule and rule[1] in concepts():
        cells = (report.cell(rule[1]),)
    if code.startswith("calc11e:inconsistent") and cells:
        return Problem(level, "calc11e:total", _sum_text(cells, report), cells)
    if code.startswith("message:"):
        return Problem(level, code, text, cells)
    sentence = next((sentence for pattern, sentence in SENTENCES if re.match(pattern, code)), "校验没有通过。")
    if "{place}" in sentence and cells:
        return Problem(level, code, sentence.format(place=place(cells[0])), cells)
    # about the page or the package as a whole: one finding, however many facts it touches
    return Problem(level, code, sentence.format(place="报告") + ("" if cells else f"（{code}：{text[:300]}）"))


def _sum_text(cells: tuple[Cell, ...], report: Report) -> str:
    """The sentence of a total that Arelle found inconsistent; its first reference is the total, the others the parts."""
    total, values = cells[0], {fact.cell: fact for fact in report.facts if fact.row.numeric}
    named = {cell.concept for cell in cells[1:]}
    for (name, _group), parts in totals().items():
        reported = [(Cell(part.name, total.period, total.scope), weight) for part, weight in parts]
        reported = [(cell, weight) for cell, weight in reported if cell in values]
        if name == total.concept and {cell.concept for cell, _ in reported} == named and total in values:
            written, added = int(values[total].value), sum(int(values[cell].value) * weight for cell, weight in reported)
            return sum_sentence(total, written, added) if written != added else UNEQUAL.format(total=concepts()[name].zh)
    return UNEQUAL.format(total=concepts()[total.concept].zh)



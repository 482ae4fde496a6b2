"""Pages on which a report is typed in: the sheets of its statements, and the page about the company. The blueprint is here."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.reports import queries, services
from portal.reports.concepts import concepts
from portal.reports.facts import Cell, Report, Scope, Value, parse_cell
from portal.reports.forms import ABOUT, NARRATIVES, SheetForm, about_cells, about_typed, about_written
from portal.reports.models import PeriodicReport
from portal.reports.problems import SCOPE_ZH, STATEMENT_ZH, Problem, errors
from portal.reports.queries import OPEN
from portal.reports.services import Clash
from portal.reports.sheets import HEADS, PARTS, Finding, Row, cells, mended, rows, title, typed, written
from portal.reports.totals import check
from portal.reports.words import FILING_STATES, FORM_NAMES, STATES, report_title
from portal.web.edge import current_actor, current_db
from portal.web.guards import requires

bp = Blueprint("reports", __name__, url_prefix="/reports")
Answer = str | Response | tuple[str, int]
FILLED = "filled"
REFUSED, CLASHED = 422, 409  # the form is shown again and nothing was written: the edge commits only answers below 400


@dataclass(frozen=True)
class Input:
    """One cell as the sheet draws it; `mark` is bad, warn, ed (a colleague's) or empty, `said` the id of the sentence about it."""

    cell: Cell
    text: str
    label: str
    column: str
    mark: str = ""
    said: str = ""


@dataclass(frozen=True)
class Say:
    """A sentence under a line: `fix` and `fix_text` are the cell and the figure that would mend it."""

    id: str
    mark: str
    text: str
    fix: str = ""
    fix_text: str = ""


@dataclass(frozen=True)
class Line:
    row: Row
    inputs: tuple[Input, ...] = ()
    says: tuple[Say, ...] = ()


@dataclass(frozen=True)
class Filled:
    """What a person sent: texts by cell id, sentences for cells that could not be taken, and what colleagues put there."""

    texts: Mapping[str, str]
    wrong: Mapping[Cell, str]
    theirs: Mapping[Cell, Value | None]


NOT_SENT = Filled({}, {}, {})


@bp.context_processor
def _words() -> dict[str, object]:
    return {
        "part_names": STATEMENT_ZH, "report_title": report_title, "report_states": STATES, "filing_states": FILING_STATES,
        "form_names": FORM_NAMES,
    }  # fmt: skip


def href_of(report: PeriodicReport, fact_id: str) -> str:
    """The address of the cell a finding is about, on its sheet or on the page about the company."""
    cell = parse_cell(fact_id)
    if cell is None:
        return url_for("reports.show", ref=report.ref)
    part = concepts()[cell.concept].statement
    if part in PARTS:
        return url_for("reports.sheet", ref=report.ref, part=part, scope=cell.scope.value, _anchor=cell.id)
    return url_for("reports.about", ref=report.ref, _anchor=cell.id)


def _asked() -> tuple[str, Scope]:
    part, scope = request.args.get("part", ""), request.args.get("scope", "")
    return (part if part in PARTS else PARTS[0]), (Scope(scope) if scope in set(Scope) else Scope.CONSOLIDATED)


def _rows_asked() -> str | None:
    """Whether only lines with a figure are wanted; a sheet has a hundred lines and most enterprises need a third of them."""
    return FILLED if request.args.get("rows") == FILLED else None


@bp.route("/<ref>/sheet", methods=["GET", "POST"])
@requires(Action.REPORT_WRITE)
def sheet(ref: str) -> Answer:
    """One statement of one scope, typed in yuan. A draft is saved even while its totals are wrong, and the page says so."""
    db, actor = current_db(), current_actor()
    report = queries.own_report(db, actor, ref)
    part, scope = _asked()
    form = SheetForm(version=str(report.version))
    if not form.is_submitted() or not form.validate():
        return _sheet(report, form, part, scope)
    if once := form.already_done():
        return once
    document = queries.assemble(db, report)
    found, wrong = typed(request.form, cells(document, part, scope))
    fix = parse_cell(request.form.get("fix", ""))
    if fix is not None:
        found = _fixed(report, found, fix)
    if wrong:
        return _sheet(report, form, part, scope, Filled(request.form, wrong, {})), REFUSED
    here = url_for(".sheet", ref=ref, part=part, scope=scope.value, rows=_rows_asked(), _anchor=fix.id if fix else None)
    answer = _saved(report, form, found, here)
    if not isinstance(answer, Clash):
        return answer
    _told(form, answer)
    return _sheet(report, form, part, scope, Filled(request.form, {}, answer.theirs)), CLASHED


def _fixed(report: PeriodicReport, found: dict[Cell, int | None], fix: Cell) -> dict[Cell, int | None]:
    """What was typed with the wrong total `fix` put right, as far as the other inputs say what it is."""
    now = queries.cells_at(current_db(), report)
    figures = {cell: value for cell, value in (now | found).items() if value is not None}
    value = mended(queries.assemble(current_db(), report, figures), fix)
    return found if value is None else found | {fix: value}


def _saved(report: PeriodicReport, form: SheetForm, found: Mapping[Cell, Value | None], here: str) -> Response | Clash:
    """Save and lead to `here`, unless a colleague has filled the same cells differently."""
    try:
        saved = services.save_cells(current_db(), current_actor(), report.ref, found, form.seen(report.version))
    except Clash as clash:
        return clash
    if not saved.changed:
        return form.done(here, "没有改动。")
    left = errors(check(queries.assemble(current_db(), saved.report)))
    if left:
        flash(f"已存为草稿，改了 {saved.changed} 格。还有 {len(left)} 处要改，改好前不能报送。", "warn")
        return form.done(here)
    return form.done(here, f"已保存，改了 {saved.changed} 格。快检没有发现错误。")


def _told(form: SheetForm, clash: Clash) -> None:
    """The next save is made knowing what the colleague wrote."""
    form.version.data = str(clash.version)
    form.form_errors.append(clash.text)


def _sheet(report: PeriodicReport, form: SheetForm, part: str, scope: Scope, filled: Filled = NOT_SENT) -> str:
    document = queries.assemble(current_db(), report)
    problems = check(document)
    lines = _lines(document, part, scope, problems, filled)
    if _rows_asked() or report.state not in OPEN:
        lines = _with_figures(lines)
    return render_template(
        "reports/sheet.html", kept_rows=_rows_asked(), report=report, form=form, part=part, scope=scope.value, sheet_title=title(part, scope), heads=HEADS[part],
        columns=_columns(document, part), lines=lines, scopes=SCOPE_ZH,
        findings=[(Finding.of(problem), href_of(report, problem.fact_ids[0])) for problem in problems if problem.cells],
        editable=report.state in OPEN, wrong=[(cell.id, f"{concepts()[cell.concept].zh}：{text}") for cell, text in filled.wrong.items()],
    )  # fmt: skip


def _with_figures(lines: list[Line]) -> list[Line]:
    """The lines that have a figure or a sentence, each under the headings above it."""
    kept: list[Line] = []
    needed = False
    for line in reversed(lines):
        if line.inputs:
            here = bool(line.says) or any(shown.text for shown in line.inputs)
            needed = needed or here
        else:
            here, needed = needed, False
        if here:
            kept.append(line)
    return kept[::-1]


def _columns(document: Report, part: str) -> tuple[str, str]:
    if part == "BS":
        return f"{document.current.end}", f"{document.current.opening.end}"
    return f"{document.current.end.year} 年", f"{document.prior.end.year} 年"


def _lines(document: Report, part: str, scope: Scope, problems: list[Problem], filled: Filled) -> list[Line]:
    by_cell = {fact.cell: fact.value for fact in document.facts}
    first: dict[Cell, list[Problem]] = {}
    for problem in problems:
        first.setdefault(problem.cells[0], []).append(problem)
    made = []
    for row in rows(document, part, scope):
        own = row.cells[:1] if row.repeats else row.cells
        says = [say for cell in own for say in _says(document, cell, first.get(cell, []), filled)]
        inputs = tuple(_input(cell, row, number, HEADS[part], by_cell, says, filled) for number, cell in enumerate(row.cells))
        made.append(Line(row, inputs, tuple(says)))
    return made


def _input(cell: Cell, row: Row, number: int, heads: tuple[str, str], values: Mapping[Cell, Value], says: list[Say], filled: Filled) -> Input:
    mine = [say for say in says if say.id.startswith(f"s.{cell.id}.")]
    mark = next((word for word in ("ed", "bad", "warn") if any(say.mark == word for say in mine)), "")
    text = filled.texts.get(cell.id, written(cell, values.get(cell)))
    return Input(cell, text, f"{row.label} {heads[number]}", heads[number], mark, " ".join(say.id for say in mine))


def _says(document: Report, cell: Cell, problems: list[Problem], filled: Filled) -> list[Say]:
    if cell in filled.wrong:
        return [Say(f"s.{cell.id}.0", "bad", filled.wrong[cell])]
    if cell in filled.theirs:
        theirs = filled.theirs[cell]
        shown = written(cell, theirs) if theirs is not None else "空"
        mine = filled.texts.get(cell.id, "").strip() or "空"
        return [Say(f"s.{cell.id}.0", "ed", f"同事刚填的是 {shown}，你填的是 {mine}。留下要的那个再保存。")]
    found = []
    for number, problem in enumerate(problems):
        value = mended(document, cell) if problem.code == "total" else None
        fix = (cell.id, written(cell, value)) if value is not None else ("", "")
        found.append(Say(f"s.{cell.id}.{number}", "bad" if problem.level == "error" else "warn", problem.text, *fix))
    return found


@bp.route("/<ref>/about", methods=["GET", "POST"])
@requires(Action.REPORT_WRITE)
def about(ref: str) -> Answer:
    """General facts and the narratives of a report."""
    db, actor = current_db(), current_actor()
    report = queries.own_report(db, actor, ref)
    form = SheetForm(version=str(report.version))
    if not form.is_submitted() or not form.validate():
        return _about(report, form)
    if once := form.already_done():
        return once
    found, wrong = about_typed(request.form, queries.assemble(db, report))
    if wrong:
        return _about(report, form, Filled(request.form, wrong, {})), REFUSED
    answer = _saved(report, form, found, url_for(".about", ref=ref))
    if not isinstance(answer, Clash):
        return answer
    _told(form, answer)
    return _about(report, form, Filled(request.form, {}, answer.theirs)), CLASHED


def _about(report: PeriodicReport, form: SheetForm, filled: Filled = NOT_SENT) -> str:
    document = queries.assemble(current_db(), report)
    values = {fact.cell: fact.value for fact in document.facts}
    missing = {problem.cells[0]: problem.text for problem in check(document) if problem.code.startswith("required")}
    fields = {}
    for cell in about_cells(document):
        sentence = filled.wrong.get(cell, "")
        if cell in filled.theirs:
            sentence = f"同事刚填的是：{about_written(filled.theirs[cell])[:2000] or '空'}。留下要的那个再保存。"
        text = filled.texts.get(cell.id, about_written(values.get(cell)))
        hint = "还没有填写，报送前要填。" if cell in missing and not text else ""
        fields[cell.concept] = {"id": cell.id, "text": text, "error": sentence, "hint": hint, "concept": concepts()[cell.concept]}
    return render_template(
        "reports/about.html", report=report, form=form, fields=fields, general=ABOUT, narratives=NARRATIVES, editable=report.state in OPEN,
        wrong=[(cell.id, text) for cell, text in filled.wrong.items()], entity=document.text("EntityName"),
        uscc=document.text("UnifiedSocialCreditCode"),
    )  # fmt: skip

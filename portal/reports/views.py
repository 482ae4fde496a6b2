"""Pages of an enterprise's reports: the list, beginning one, its state, check, filing and files. The blueprint is `views_sheet`'s."""

from dataclasses import dataclass
from typing import Any

from flask import make_response, render_template, request, url_for
from jinja2_fragments.flask import render_block
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.core.clock import now, today
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.storage import Store, StoreUnavailable
from portal.enterprises.models import Enterprise
from portal.enterprises.queries import own_enterprise
from portal.reports import queries, services
from portal.reports.facts import Report
from portal.reports.forms import ActForm, BeginForm
from portal.reports.kept import FORMS
from portal.reports.models import Check, PeriodicReport, State
from portal.reports.problems import Problem
from portal.reports.queries import OPEN
from portal.reports.sheets import Finding
from portal.reports.statements import LIMIT_BYTES, Loaded, contents, load
from portal.reports.totals import check as quick_check
from portal.reports.views_sheet import REFUSED, bp, href_of
from portal.reports.words import report_title
from portal.web.edge import current_actor, current_db, edge
from portal.web.guards import requires

__all__ = ["bp"]

Answer = str | Response | tuple[str, int]
# Inline XBRL brings its own style; this answer alone may use it, and as a document it may do nothing else at all.
PAGE_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
STORE_DOWN = "存放文件的地方现在读不到，没有报送。稍后再试，报告没有变。"


def _store() -> Store:
    return edge().store


@bp.get("")
@requires(Action.REPORT_WRITE)
def index() -> Answer:
    """The reports of one's own enterprise."""
    db, actor = current_db(), current_actor()
    return render_template("reports/index.html", rows=queries.own_reports(db, actor), enterprise=_own_enterprise(), last_year=today().year - 1)


def _own_enterprise() -> Enterprise | None:
    try:
        return own_enterprise(current_db(), current_actor())
    except NotFound:
        return None


@bp.route("/new", methods=["GET", "POST"])
@requires(Action.REPORT_WRITE)
def new() -> Answer:
    """Begin a report, empty or from a file of statements; a bad file is refused by line and column, and nothing is kept of it."""
    form = BeginForm() if request.method == "POST" else BeginForm(data=_year_asked())
    problems: tuple[Problem, ...] = ()
    if form.validate_on_submit():
        if once := form.already_done():
            return once
        try:
            loaded, problems = _uploaded(form)
            if not problems:
                return _begun(form, loaded)
        except (Invalid, Conflict) as error:
            form.failed(error if isinstance(error, Invalid) else Invalid(error.text))
    page = render_template("reports/new.html", form=form, problems=problems, enterprise=_own_enterprise(), limit=LIMIT_BYTES)
    return page, REFUSED if form.is_submitted() else 200


def _year_asked() -> dict[str, Any]:
    text = request.args.get("year", "")
    return {"year": int(text)} if len(text) == 4 and text.isascii() and text.isdigit() else {}


def _uploaded(form: BeginForm) -> tuple[Loaded | None, tuple[Problem, ...]]:
    """The statements in the uploaded file for the form's year, or why there are none. Raises Invalid to ask which company."""
    data = form.content(LIMIT_BYTES)
    if data is None:
        return None, ()
    found, problems = contents(data)
    if problems:
        return None, tuple(problems)
    of_year = [company for company in found if company.year == form.year.data]
    if not of_year:
        years = "、".join(sorted({str(company.year) for company in found}))
        raise Invalid(fields={"year": f"文件里没有 {form.year.data} 年的报表，有的是：{years}。"})
    form.company.choices = [(company.code, f"{company.company}（{company.code}）") for company in of_year]
    chosen = [company for company in of_year if company.code == form.company.data]
    if not chosen and len(of_year) > 1:
        raise Invalid(fields={"company": f"文件里有 {len(of_year)} 家公司的 {form.year.data} 年报表，选一家，再选一次文件。"})
    company = (chosen or of_year)[0]
    loaded = load(data, company.code, company.year)
    return (loaded, ()) if loaded.usable else (None, loaded.problems)


def _begun(form: BeginForm, loaded: Loaded | None) -> Response:
    facts = loaded.facts if loaded else ()
    report = services.begin_report(current_db(), current_actor(), form.year.data or 0, facts)
    if loaded is None or loaded.of is None:
        return form.done(url_for(".show", ref=report.ref), "已建草稿。先填三张表，再填公司与文字。")
    read = f"从文件读入 {len(facts)} 个数（{loaded.of.company}，{loaded.of.year} 年）。核对后补上公司与文字。"
    return form.done(url_for(".show", ref=report.ref), read)


@dataclass(frozen=True)
class Standing:
    """How far a report is: cells filled, findings with the address of their cell, and whether these are the full check's."""

    filled: int
    findings: list[tuple[Finding, str]]
    full: bool

    def count(self, level: str) -> int:
        return sum(finding.level == level for finding, _href in self.findings)


def _standing(report: PeriodicReport, document: Report) -> Standing:
    full = report.check_state == Check.DONE and report.checked_version == report.version
    found = [Finding.stored(kept) for kept in report.problems] if full else [Finding.of(problem) for problem in quick_check(document)]
    return Standing(
        len(document.facts) - 3, [(finding, href_of(report, finding.cells[0]) if finding.cells else "") for finding in found], full
    )


@bp.get("/<ref>")
@requires(Action.REPORT_WRITE)
def show(ref: str) -> Answer:
    """A report's state, findings, files and next step."""
    return render_template("reports/show.html", **_shown(ref))


def _shown(ref: str) -> dict[str, Any]:
    db, actor = current_db(), current_actor()
    report = queries.own_report(db, actor, ref)
    document = queries.assemble(db, report)
    waited = (now() - report.check_asked_at) if report.check_state == Check.QUEUED and report.check_asked_at else None
    version = str(report.version)
    return {
        "report": report, "standing": _standing(report, document), "filing": queries.filing_of(db, report), "editable": report.state in OPEN,
        "waiting": waited is not None, "late": waited is not None and waited > services.ASK_AGAIN, "title": report_title(report),
        "checking": ActForm(version=version), "filing_form": ActForm(version=version), "correcting": ActForm(version=version),
        "files": {} if report.state == State.DRAFT else report.files or {}, "scopes": document.scopes,
        "may_correct": report.state == State.FILED and queries.open_report(db, actor, report.enterprise_id, report.year) is None,
    }  # fmt: skip


@bp.get("/<ref>/progress")
@requires(Action.REPORT_WRITE)
def progress(ref: str) -> Answer:
    """The block of the report's page about its check, asked for again and again; once it is done the page is loaded anew."""
    shown = _shown(ref)
    answer = make_response(render_block("reports/show.html", "check", **shown))
    if not shown["waiting"]:
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.post("/<ref>/check")
@requires(Action.REPORT_WRITE)
def check(ref: str) -> Answer:
    form = ActForm()
    if once := form.already_done():
        return once
    services.ask_check(current_db(), current_actor(), ref)
    return form.done(url_for(".show", ref=ref))


@bp.post("/<ref>/file")
@requires(Action.REPORT_WRITE)
def file(ref: str) -> Answer:
    form = ActForm()
    if once := form.already_done():
        return once
    text = form.version.data or ""
    version = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    try:
        services.file_report(current_db(), current_actor(), _store(), ref, version)
    except StoreUnavailable as error:
        raise Conflict(STORE_DOWN) from error
    return form.done(url_for(".show", ref=ref), "已报送。运营机构和监管部门看到报送情况，看不到内容。")


@bp.post("/<ref>/correct")
@requires(Action.REPORT_WRITE)
def correct(ref: str) -> Answer:
    """Begin a correction: a draft with the filed figures; the filed report stays in force until the correction is filed."""
    form = ActForm()
    if once := form.already_done():
        return once
    report = queries.own_report(current_db(), current_actor(), ref)
    if report.state != State.FILED:
        raise Conflict("只有已报送、没有被更正的报告能开始更正。")
    made = services.begin_report(current_db(), current_actor(), report.year)
    return form.done(url_for(".show", ref=made.ref), "已建更正草稿，数和已报送的一样。原报告在更正报送前仍然有效。")


@bp.get("/<ref>/<any(xbri, xhtml, xml, json):form>")
@requires(Action.REPORT_WRITE)
def download(ref: str, form: str) -> Answer:
    """A checked or filed report in one of its forms; only for its own enterprise."""
    try:
        report, data = services.own_file(current_db(), current_actor(), _store(), ref, form)
    except StoreUnavailable as error:
        raise Conflict("存放文件的地方现在读不到。稍后再试，文件没有丢。") from error
    media, ending = FORMS[form]
    answer = make_response(data)
    answer.content_type = media
    if form == "xhtml":
        answer.headers["Content-Security-Policy"] = PAGE_CSP
    else:
        answer.headers["Content-Disposition"] = f'attachment; filename="report-{report.year}.{ending}"'
    return answer



"""`/operator`, the operator's start, and `/oversight`, the filings for those who oversee them."""

from flask import Blueprint, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.core.clock import today
from portal.core.paging import Page, page_number
from portal.oversight.services import MOST_LINES, filings_file, latest_filings, read_filings
from portal.reports.models import FilingState
from portal.reports.queries import Wanted, filing_counts, filing_years
from portal.reports.words import FILING_STATES, KIND_NAMES
from portal.web.edge import current_actor, current_db
from portal.web.guards import requires

bp = Blueprint("oversight", __name__)
Answer = str | Response
NEWEST = 10


@bp.context_processor
def _words() -> dict[str, object]:
    return {"kinds": KIND_NAMES, "states": FILING_STATES}


@bp.get("/operator")
@requires(Action.OPERATE)
def operator() -> Answer:
    """The operator's start: what was filed, and the ways to what it keeps."""
    db, actor = current_db(), current_actor()
    counts = filing_counts(db, actor, today())
    return render_template("oversight/operator.html", counts=counts, rows=latest_filings(db, actor, NEWEST))


@bp.get("/oversight")
@requires(Action.FILING_OVERSEE)
def index() -> Answer:
    """The filings by year and state."""
    db, actor = current_db(), current_actor()
    wanted = _wanted()
    rows, page = read_filings(db, actor, wanted, page_number(request.args.get("page")))
    kept = {"year": wanted.year, "state": wanted.state}
    return render_template(
        "oversight/filings.html", rows=rows, page=page, wanted=wanted, years=filing_years(db, actor), kept=kept, filtered=any(kept.values()),
        previous=_at(page, page.number - 1, kept), next=_at(page, page.number + 1, kept),
    )  # fmt: skip


@bp.get("/oversight/filings.csv")
@requires(Action.FILING_OVERSEE)
def export() -> Answer:
    """The same list as a file for a spreadsheet."""
    data, whole = filings_file(current_db(), current_actor(), _wanted())
    answer = make_response(data)
    answer.content_type = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="filings-{today()}.csv"'
    if not whole:
        answer.headers["X-Truncated"] = str(MOST_LINES)
    return answer


def _wanted() -> Wanted:
    """The conditions of the address; what cannot be one is left out."""
    year, state = request.args.get("year", ""), request.args.get("state", "")
    is_year = len(year) == 4 and year.isascii() and year.isdigit()
    return Wanted(int(year) if is_year else None, state if state in set(FilingState) else None)


def _at(page: Page, number: int, kept: dict[str, object]) -> str:
    return url_for(".index", page=number, **kept) if 1 <= number <= page.last else ""  # type: ignore[arg-type]

"""Pages of disclosures: reading what was given to me, and seeing who can read what is mine."""

from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, render_template, request

from portal.access.actions import Action
from portal.access.principals import OrgKind
from portal.core.storage import StoreUnavailable
from portal.disclosures import cursor, queries, services
from portal.disclosures.models import KIND_NAMES, STATE_NAMES, Document, State
from portal.web.edge import current_actor, current_db
from portal.web.guards import requires

bp = Blueprint("disclosures", __name__, url_prefix="/disclosures")
# A document is data, never a page: whatever it holds runs nothing, loads nothing and reaches no cookie of the portal.
DOCUMENT_POLICY = "sandbox; default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@bp.app_context_processor
def words() -> dict[str, object]:
    """Names of kinds and states for the templates of this feature and its panels on other pages."""
    return {"DISCLOSURE_KINDS": KIND_NAMES, "DISCLOSURE_STATES": STATE_NAMES}


@bp.get("")
@requires(Action.DISCLOSURE_READ)
def index() -> str:
    """What was given to me; for an enterprise first of all what is its own."""
    if current_actor().kind is OrgKind.ENTERPRISE and request.args.get("view") != "received":
        return _own()
    q = request.args.get("q", "").strip()[: queries.QUERY_LENGTH]
    found = services.read_list(current_db(), current_actor(), q=q, before=cursor.parse(request.args.get("before")))
    return render_template("disclosures/index.html", found=found, q=q, further="before" in request.args)


def _own() -> str:
    before = cursor.parse(request.args.get("before"))
    items, onward = queries.list_own(current_db(), current_actor(), before=before)
    return render_template("disclosures/own.html", items=items, onward=onward, further=before is not None)


@bp.get("/<ref>")
@requires(Action.DISCLOSURE_READ)
def show(ref: str) -> str:
    """One item, with why its reader can see it; to its enterprise with who can."""
    db, actor = current_db(), current_actor()
    shown = services.read(db, actor, ref)
    if not shown.mine:
        return render_template("disclosures/show.html", shown=shown, item=shown.item)
    holders, reach = services.audience_of(db, actor, shown.item)
    return render_template(
        "disclosures/mine.html", shown=shown, item=shown.item, holders=holders, reach=reach, state=State(shown.item.state),
        revocable=services.REVOCABLE, reads=queries.recent_uses(db, actor, shown.item, shown.documents),
    )  # fmt: skip


@bp.get("/<ref>/documents/<document_ref>")
@requires(Action.DISCLOSURE_READ)
def document(ref: str, document_ref: str) -> Response:
    """The PDF itself, whole: no ranges, so that one reading is one record. HEAD is recorded like GET."""
    store = current_app.extensions["portal"].store
    try:
        found, data = services.read_document(current_db(), current_actor(), store, ref, document_ref)
    except StoreUnavailable:
        abort(503)
    return _file(found, data, attachment="download" in request.args)


def _file(found: Document, data: bytes, *, attachment: bool) -> Response:
    answer = Response(data, content_type=found.media_type)
    way = "attachment" if attachment else "inline"
    # RFC 6266 with RFC 5987: a plain name for old clients, the real one in UTF-8.
    answer.headers["Content-Disposition"] = f"{way}; filename=\"document.pdf\"; filename*=UTF-8''{quote(found.name, safe='')}"
    answer.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Accept-Ranges"] = "none"
    return answer

"""`/enterprises`: the board's list with text, filters, counts, sorting and paging; and its suggestions."""

from flask import Blueprint, current_app, render_template, request
from jinja2_fragments.flask import render_block
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.core.paging import PAGE_SIZE, Page
from portal.screening import labels
from portal.screening.criteria import SORTS, Criteria, read_criteria
from portal.screening.queries import Result, search_enterprises, suggestions
from portal.web.edge import current_actor, current_db
from portal.web.guards import requires
from search.highlight import spans

bp = Blueprint("screening", __name__)
PATH = "/enterprises"


def _engine():  # noqa: ANN202
    return current_app.extensions["portal"].search


@bp.get(PATH)
@requires(Action.BOARD_BROWSE)
def index() -> str:
    """The page, or for htmx the named block of the same page: the two cannot differ."""
    criteria = read_criteria(request.args)
    result = search_enterprises(current_db(), current_actor(), _engine(), criteria)
    shown = _shown(criteria, result)
    if request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request"):
        return render_block("screening/index.html", "screen", **shown)
    return render_template("screening/index.html", **shown)


def _shown(criteria: Criteria, result: Result) -> dict[str, object]:
    page = Page(criteria.page, PAGE_SIZE, result.total)
    return {
        "criteria": criteria,
        "result": result,
        "page": page,
        "groups": labels.groups(criteria, result.counts),
        "chips": labels.chips(criteria, PATH),
        "drops": _drops(criteria) if result.total == 0 and criteria.narrowed else [],
        "pages": labels.page_links(criteria, page, PATH),
        "sorts": [(name, label) for name, (_, _, label) in SORTS.items()],
        "places": labels.places,
        "industry": labels.industry,
        "tiers": labels.TIERS,
        "marked": lambda text: _marked(text, criteria.text),
        "path": PATH,
    }


def _drops(criteria: Criteria) -> list[tuple[str, int, str]]:
    """For no hits: each condition that alone hides some, with what dropping it would give (over what this reader may see)."""
    found = []
    for label, other in labels.relaxations(criteria):
        result = search_enterprises(current_db(), current_actor(), _engine(), other)
        if result.total:
            found.append((label, result.total, other.address(PATH)))
    return found


def _marked(text: str, query: str) -> list[tuple[str, bool]]:
    """`text` cut into parts, each with whether it answers the query."""
    parts, at = [], 0
    for start, end in spans(text, query) if query else ():
        parts += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [(part, hit) for part, hit in [*parts, (text[at:], False)] if part]


@bp.get(f"{PATH}/suggest")
@requires(Action.BOARD_BROWSE)
def suggest() -> str | Response:
    """The inside of the suggestion list for what was typed so far."""
    text = request.args.get("q", "")[:64].strip()
    rows = suggestions(current_db(), current_actor(), _engine(), text) if text else []
    return render_template(
        "screening/suggest.html", rows=rows, places=labels.places, tiers=labels.TIERS, marked=lambda name: _marked(name, text)
    )

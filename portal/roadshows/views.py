"""Pages of roadshows: input, one service or query, a page."""

from collections.abc import Callable

from flask import Blueprint, Response, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as Redirect

from portal.access.actions import Action
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.core.paging import Page, page_number
from portal.roadshows import queries, services
from portal.roadshows.calendar import event_file
from portal.roadshows.forms import ActForm, RoadshowForm
from portal.roadshows.models import Roadshow, RoadshowState
from portal.roadshows.participants import participants_file
from portal.roadshows.words import AUDIENCES, REGISTRATION_STATES, STATES
from portal.web.edge import current_actor, current_db, edge
from portal.web.guards import requires

bp = Blueprint("roadshows", __name__)
Answer = str | Redirect | tuple[str, int]
REFUSED = 422  # a form that could not be taken, shown again; the edge undoes what it had begun, its once-token included


@bp.context_processor
def _words() -> dict[str, object]:
    return {"roadshow_states": STATES, "registration_states": REGISTRATION_STATES, "audiences": AUDIENCES}


def _turn(page: Page, **args: object) -> dict[str, object]:
    def at(number: int) -> str:
        return url_for(".index", page=number, **args) if 1 <= number <= page.last else ""

    return {"page": page, "previous": at(page.number - 1), "next": at(page.number + 1)}


@bp.get("/roadshows")
@requires(Action.ROADSHOW_READ)
def index() -> Answer:
    """The coming roadshows, or the past ones."""
    past = request.args.get("past") == "1"
    rows, page = services.read_roadshows(current_db(), current_actor(), past=past, number=page_number(request.args.get("page")))
    return render_template("roadshows/index.html", rows=rows, past=past, may_manage=current_actor().may(Action.ROADSHOW_MANAGE),
                           **_turn(page, **({"past": 1} if past else {})))  # fmt: skip


@bp.get("/roadshows/<slug>")
@requires(Action.ROADSHOW_READ)
def show(slug: str) -> Answer:
    db, actor = current_db(), current_actor()
    shown = services.read_roadshow(db, actor, slug)
    event = shown.roadshow
    mine = actor.is_operator
    return render_template(
        "roadshows/show.html", shown=shown, event=event, act=ActForm(), moment_now=now(),
        may_register=actor.may(Action.ROADSHOW_REGISTER), may_manage=actor.may(Action.ROADSHOW_MANAGE),
        takes=event.state == RoadshowState.OPEN and event.registration_until > now(),
        taken=queries.taken(db, actor, event.id) if mine else None,
        addressed=queries.audience(db, actor, event.id) if mine else [],
    )  # fmt: skip


@bp.get("/roadshows/<slug>/event.ics")
@requires(Action.ROADSHOW_READ)
def calendar(slug: str) -> Response:
    """The roadshow for a calendar; the way in only for those who take part."""
    shown = services.read_roadshow(current_db(), current_actor(), slug)
    link = shown.link if shown.registration is not None else ""
    base_url = edge().settings.portal_base_url
    answer = Response(event_file(shown.roadshow, organiser=shown.organiser, link=link, base_url=base_url))
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8; method=PUBLISH"
    answer.headers["Content-Disposition"] = f'attachment; filename="roadshow-{shown.roadshow.slug}.ics"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.post("/roadshows/<slug>/register")
@requires(Action.ROADSHOW_REGISTER)
def register(slug: str) -> Answer:
    return _act(slug, lambda: services.register(current_db(), current_actor(), slug), "已报名。日程可以加进日历。")


@bp.route("/roadshows/<slug>/leave", methods=["GET", "POST"])
@requires(Action.ROADSHOW_REGISTER)
def leave(slug: str) -> Answer:
    if request.method == "POST":
        return _act(slug, lambda: services.cancel_registration(current_db(), current_actor(), slug), "已取消报名，位子让给别人。")
    shown = services.read_roadshow(current_db(), current_actor(), slug)
    return render_template("roadshows/leave.html", shown=shown, event=shown.roadshow, act=ActForm())


def _act(slug: str, verb: Callable[[], object], message: str) -> Redirect:
    form = ActForm()
    if once := form.already_done():
        return once
    verb()
    return form.done(url_for(".show", slug=slug), message)


@bp.route("/roadshows/new", methods=["GET", "POST"])
@requires(Action.ROADSHOW_MANAGE)
def new() -> Answer:
    form = RoadshowForm()
    answer = _save(form, lambda: services.create_roadshow(current_db(), current_actor(), form.terms()), "已存为草稿。开放报名后对象才看得到。")
    return answer or (render_template("roadshows/form.html", form=form, event=None), _status(form))


@bp.route("/roadshows/<slug>/edit", methods=["GET", "POST"])
@requires(Action.ROADSHOW_MANAGE)
def edit(slug: str) -> Answer:
    db, actor = current_db(), current_actor()
    shown = queries.show(db, actor, slug)
    event = shown.roadshow
    if request.method == "POST":
        form = RoadshowForm()
    else:
        codes = [row.uscc for row in shown.presenters]
        form = RoadshowForm.of(event, shown.link, queries.audience(db, actor, event.id), codes)
    answer = _save(form, lambda: services.change_roadshow(db, actor, slug, form.terms(), form.seen_version()), "已保存。日历里的日程会跟着改。")
    return answer or (render_template("roadshows/form.html", form=form, event=event), _status(form))


def _status(form: FlaskForm) -> int:
    return REFUSED if form.is_submitted() else 200


def _save(form: RoadshowForm, save: Callable[[], Roadshow], message: str) -> Redirect | None:
    if not form.validate_on_submit():
        return None
    if once := form.already_done():
        return once
    try:
        event = save()
    except Invalid as error:
        form.failed(error)
        return None
    return form.done(url_for(".show", slug=event.slug), message)


@bp.post("/roadshows/<slug>/open")
@requires(Action.ROADSHOW_MANAGE)
def open_registration(slug: str) -> Answer:
    return _move(slug, RoadshowState.OPEN, "已开放报名。")


@bp.post("/roadshows/<slug>/close")
@requires(Action.ROADSHOW_MANAGE)
def close_registration(slug: str) -> Answer:
    return _move(slug, RoadshowState.CLOSED, "已停止报名。")


@bp.route("/roadshows/<slug>/cancel", methods=["GET", "POST"])
@requires(Action.ROADSHOW_MANAGE)
def cancel(slug: str) -> Answer:
    if request.method == "POST":
        return _move(slug, RoadshowState.CANCELLED, "路演已取消。日历里的日程会标为取消。")
    db, actor = current_db(), current_actor()
    event = queries.roadshow(db, actor, slug)
    return render_template("roadshows/cancel.html", event=event, taken=queries.taken(db, actor, event.id), act=ActForm())


def _move(slug: str, to: RoadshowState, message: str) -> Redirect:
    return _act(slug, lambda: services.move_roadshow(current_db(), current_actor(), slug, to), message)


@bp.get("/roadshows/<slug>/participants")
@requires(Action.ROADSHOW_MANAGE)
def participants(slug: str) -> Answer:
    event, rows = services.read_participants(current_db(), current_actor(), slug)
    return render_template("roadshows/participants.html", event=event, rows=rows)


@bp.get("/roadshows/<slug>/participants.csv")
@requires(Action.ROADSHOW_MANAGE)
def participants_csv(slug: str) -> Response:
    event, rows = services.read_participants(current_db(), current_actor(), slug)
    answer = Response(participants_file(rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="roadshow-{event.slug}.csv"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer

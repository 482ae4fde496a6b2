"""`/`: each role's start page, made of panels; a role without any finds what it may see and do, in plain words."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.access.principals import KIND_NAMES
from portal.access.roles import ROLE_TABLE
from portal.web.edge import current_actor, current_db
from portal.web.guards import public
from portal.workspaces.panels import HOME
from portal.workspaces.words import ACTION_WORDS

bp = Blueprint("home", __name__)


@bp.get("/")
@public
def index() -> str | Response:
    """The actor's own start page; nobody is sent to the sign-in page."""
    actor = current_actor()
    if actor.is_anonymous:
        return redirect(url_for("security.login"))
    views = HOME.views(current_db(), actor)
    may = [(ACTION_WORDS[action], rule.ground) for action, rule in ROLE_TABLE.items() if actor.may(action) and action in ACTION_WORDS]
    return render_template(
        "workspaces/home.html",
        main=[view for view in views if not view.side],
        side=[view for view in views if view.side],
        may=may,
        kind=KIND_NAMES[actor.kind] if actor.kind else "",
        waiting=actor.kind is not None and not actor.sees_board and actor.kind not in ("enterprise",),
    )

"""One's own account, the membership switcher, and the operator's list of organisations with their qualification."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.access.principals import INSTITUTION_KINDS, KIND_NAMES, OrgKind
from portal.access.roles import ROLE_NAMES
from portal.accounts.forms import QualifiedForm
from portal.accounts.queries import get_organisation, list_organisations, own_account
from portal.accounts.services import set_qualified, sign_out_elsewhere, sign_out_session, switch_membership
from portal.core.clock import today
from portal.core.errors import Invalid
from portal.web.edge import current_actor, current_db
from portal.web.guards import requires

bp = Blueprint("accounts", __name__)


@bp.get("/account")
@requires(Action.ACCOUNT_USE)
def account() -> str:
    """Who one is here: profile, memberships, browsers signed in."""
    own = own_account(current_db(), current_actor())
    return render_template("accounts/account.html", own=own, kind_names=KIND_NAMES, role_names=ROLE_NAMES)


@bp.post("/account/act-for")
@requires(Action.ACCOUNT_USE)
def act_for() -> Response:
    """Act for another of one's memberships, in this browser."""
    switch_membership(current_db(), current_actor(), request.form.get("membership", ""))
    return redirect("/")


@bp.post("/account/sessions/end")
@requires(Action.ACCOUNT_USE)
def end_session() -> Response:
    """Sign one browser out; this one goes to the sign-in page."""
    sign_out_session(current_db(), current_actor(), request.form.get("session", ""))
    flash("那个浏览器上的登录已结束。", "ok")
    return redirect(url_for("accounts.account"))


@bp.post("/account/sessions/end-others")
@requires(Action.ACCOUNT_USE)
def end_other_sessions() -> Response:
    """Sign every other browser out."""
    ended = sign_out_elsewhere(current_db(), current_actor())
    flash(f"已结束其他 {ended} 处登录。" if ended else "没有其他登录。", "ok")
    return redirect(url_for("accounts.account"))


@bp.get("/operator/organisations")
@requires(Action.OPERATE)
def organisations() -> str:
    """All organisations, with the period in which each counts as qualified."""
    q, kind = request.args.get("q", "")[:100], request.args.get("kind", "")
    page = request.args.get("page", 1, type=int)
    page = min(max(page, 1), 10_000)
    rows, more = list_organisations(current_db(), current_actor(), q=q, kind=kind, page=page)
    return render_template(
        "accounts/organisations.html", rows=rows, more=more, q=q, kind=kind, page=page, today=today(),
        kinds=[("", "全部类别"), *((str(k), KIND_NAMES[k]) for k in OrgKind)], kind_names=KIND_NAMES, institutions=INSTITUTION_KINDS,
    )  # fmt: skip


@bp.route("/operator/organisations/<ref>", methods=["GET", "POST"])
@requires(Action.OPERATE)
def organisation(ref: str) -> str | Response | tuple[str, int]:
    """One organisation; for an institution the form that sets or clears its qualified period."""
    db, actor = current_db(), current_actor()
    found = get_organisation(db, actor, ref)
    form = QualifiedForm(starts=found.qualified_from, until=found.qualified_until)
    if form.validate_on_submit():
        if (again := form.already_done()) is not None:
            return again
        cleared = request.form.get("act") == "clear"
        starts, until = (None, None) if cleared else (form.starts.data, form.until.data)
        try:
            set_qualified(db, actor, ref, starts, until)
        except Invalid as error:
            form.failed(error)
        else:
            return form.done(url_for("accounts.organisation", ref=ref), "已改为合格。" if starts else "已取消合格。")
    page = render_template(
        "accounts/organisation.html", organisation=found, form=form, today=today(), kind_names=KIND_NAMES,
        institution=found.kind in INSTITUTION_KINDS,
    )  # fmt: skip
    # A refused form wrote nothing, its once-token included: the edge commits only answers below 400.
    return page, 422 if form.is_submitted() else 200

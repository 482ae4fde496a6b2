"""`/my-enterprise/hidden-from`: whom one's enterprise hides from; it outranks every basis but its own people's and a supervisor's."""

from flask import Blueprint, render_template, url_for
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.access.principals import INSTITUTION_KINDS
from portal.accounts.queries import addressable
from portal.core.errors import Conflict, Invalid
from portal.enterprises.forms import CloseForm, HideForm
from portal.enterprises.queries import own_enterprise
from portal.grants.queries import exclusions
from portal.grants.services import exclude, include_again
from portal.web.edge import current_actor, current_db
from portal.web.guards import requires

bp = Blueprint("hiding", __name__, url_prefix="/my-enterprise/hidden-from")
MOST = 500  # institutions of one market; beyond, the list wants a search


@bp.route("", methods=["GET", "POST"])
@requires(Action.ENTERPRISE_EDIT)
def index() -> str | Response | tuple[str, int]:
    """Who is excluded now, and one more."""
    db, actor, form = current_db(), current_actor(), HideForm()
    enterprise = own_enterprise(db, actor)
    if form.is_submitted():
        answered = form.already_done()
        if answered is not None:
            return answered
        if form.validate():
            try:
                exclude(db, actor, enterprise_id=enterprise.id, organisation_ref=form.organisation.data)
            except Conflict as error:
                form.failed(Invalid(fields={"organisation": error.text}))
            else:
                return form.done(url_for("hiding.index"), "已隐藏。对方从现在起看不到本企业，也打不开给过它的内容。")
        return _page(form), 422
    return _page(form)


def _page(form: HideForm) -> str:
    db, actor = current_db(), current_actor()
    hidden = exclusions(db, actor)
    taken = {one.ref for one in hidden}
    offered = [one for one in addressable(db, "", INSTITUTION_KINDS, MOST) if one.ref not in taken]
    form.organisation.choices = [("", "选一家机构"), *((one.ref, one.name) for one in offered)]
    return render_template("enterprises/hidden_from.html", form=form, hidden=hidden, enterprise=own_enterprise(db, actor))


@bp.post("/<ref>/end")
@requires(Action.ENTERPRISE_EDIT)
def end(ref: str) -> Response:
    """Show one's enterprise to that organisation again."""
    form = CloseForm()
    answered = form.already_done()
    if answered is not None:
        return answered
    include_again(current_db(), current_actor(), ref)
    return form.done(url_for("hiding.index"), "已取消隐藏。还在期限内的授权重新有效。")

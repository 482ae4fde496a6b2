"""Pages on which an enterprise writes, gives and takes back its own items. The blueprint is that of `views_reading`."""

from collections.abc import Callable

from flask import current_app, render_template, request, url_for
from jinja2_fragments.flask import render_block
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.core.clock import today
from portal.core.errors import Conflict, Invalid
from portal.core.ids import new_ref
from portal.core.storage import Store, StoreUnavailable
from portal.disclosures import audience, drafts, pdf, queries, services
from portal.disclosures.forms import ConfirmForm, DraftForm, PublishForm, WithdrawForm
from portal.disclosures.models import Disclosure, State
from portal.disclosures.views_reading import bp
from portal.web.edge import current_actor, current_db
from portal.web.forms import PortalForm
from portal.web.guards import requires

Page = str | Response | tuple[str, int]
MOST_READ = pdf.MAX_SIZE + 1  # octets: one more than allowed is enough to know
REFUSED = 422  # the form is shown again and nothing was written: the edge commits only answers below 400


@bp.route("/new", methods=["GET", "POST"])
@requires(Action.DISCLOSURE_PUBLISH)
def new() -> Page:
    """A new draft."""
    return _write(DraftForm(), None)


@bp.route("/<ref>/edit", methods=["GET", "POST"])
@requires(Action.DISCLOSURE_PUBLISH)
def edit(ref: str) -> Page:
    """A draft's content and documents."""
    item = queries.get_own(current_db(), current_actor(), ref)
    _still_draft(item)
    form = DraftForm(obj=item)
    return _write(form, item)


def _still_draft(item: Disclosure) -> None:
    if item.state != State.DRAFT:
        raise Conflict("已经发布的披露不能再改。可以撤回，再写一项新的。")


def _write(form: DraftForm, item: Disclosure | None) -> Page:
    status = 200
    if form.is_submitted():
        answer = _posted(form, lambda: _save(form, item))
        if answer is not None:
            return answer
        status = REFUSED
    documents = queries.documents_of(current_db(), item) if item else ()
    # One token for each way of taking a document out; the main form has its own.
    once = {document.ref: new_ref() for document in documents}
    return render_template("disclosures/edit.html", form=form, item=item, documents=documents, once=once), status


def _posted(form: PortalForm, act: Callable[[], Response]) -> Response | None:
    """Do what the form asks, once; None when it was refused and is to be shown again."""
    if not form.validate():
        return None
    again = form.already_done()
    if again is not None:
        return again
    try:
        return act()
    except Invalid as error:
        form.failed(error)
    return None


def _save(form: DraftForm, item: Disclosure | None) -> Response:
    db, actor = current_db(), current_actor()
    saved = drafts.save_draft(
        db, actor, ref=item.ref if item else None, version=_number(form.version.data) if item else None,
        kind=form.kind.data or "", title=form.title.data or "", body=form.body.data or "",
    )  # fmt: skip
    file = form.file.data
    if isinstance(file, FileStorage) and file.filename:
        try:
            drafts.add_document(db, actor, _store(), saved.ref, name=file.filename, data=file.read(MOST_READ))
        except StoreUnavailable:
            raise Invalid(fields={"file": "文件现在存不进去，内容没有保存。稍后再试，或先不加附件。"}) from None
    onward = request.form.get("act") == "next"
    return form.done(url_for("disclosures.publish" if onward else "disclosures.edit", ref=saved.ref), "草稿已存。")


def _store() -> Store:
    return current_app.extensions["portal"].store


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


@bp.post("/<ref>/documents/<document_ref>/remove")
@requires(Action.DISCLOSURE_PUBLISH)
def remove_document(ref: str, document_ref: str) -> Page:
    """Take a document out of a draft."""
    form = ConfirmForm()
    again = form.already_done()
    if again is not None:
        return again
    drafts.remove_document(current_db(), current_actor(), ref, document_ref)
    return form.done(url_for("disclosures.edit", ref=ref), "附件已去掉。")


@bp.route("/<ref>/discard", methods=["GET", "POST"])
@requires(Action.DISCLOSURE_PUBLISH)
def discard(ref: str) -> Page:
    """Delete a draft, after saying what goes."""
    item = queries.get_own(current_db(), current_actor(), ref)
    _still_draft(item)
    form = ConfirmForm()
    if form.is_submitted():
        answer = _posted(form, lambda: _discard(form, ref))
        if answer is not None:
            return answer
    documents = queries.documents_of(current_db(), item)
    return render_template("disclosures/discard.html", form=form, item=item, documents=documents)


def _discard(form: PortalForm, ref: str) -> Response:
    drafts.discard_draft(current_db(), current_actor(), ref)
    return form.done(url_for("disclosures.index"), "草稿已删除。")


@bp.route("/<ref>/publish", methods=["GET", "POST"])
@requires(Action.DISCLOSURE_PUBLISH)
def publish(ref: str) -> Page:
    """The composer: to whom, on what basis, until when, and the necessity preview before the act."""
    db, actor = current_db(), current_actor()
    item = queries.get_own(db, actor, ref)
    if item.state == State.WITHDRAWN:
        raise Conflict("已经撤回的披露不能再发布。写一项新的。")
    form = PublishForm(version=str(item.version), basis="will")
    looking = request.form.get("act") == "preview"
    status = 200
    if form.is_submitted() and not looking:
        answer = _posted(form, lambda: _publish(form, item))
        if answer is not None:
            return answer
        status = REFUSED
    shown = _composer(form, item)
    if looking and request.headers.get("HX-Request"):
        return render_block("disclosures/publish.html", "preview", **shown)
    return render_template("disclosures/publish.html", **shown), status


def _composer(form: PublishForm, item: Disclosure) -> dict[str, object]:
    db, actor = current_db(), current_actor()
    seen, missing = None, {}
    try:
        seen = services.preview(
            db, actor, item.ref, audience_words=form.audience.data or (), basis=form.basis.data or "", until=form.until.data
        )
    except Invalid as error:
        missing = error.fields
    return {
        "form": form, "item": item, "seen": seen, "missing": missing, "parties": audience.parties(db, actor),
        "broad": [(word, audience.broad_name(word)) for word in audience.BROAD], "first": item.state == State.DRAFT,
        "documents": queries.documents_of(db, item), "today_text": today().isoformat(),
    }  # fmt: skip


def _publish(form: PublishForm, item: Disclosure) -> Response:
    services.publish(
        current_db(), current_actor(), item.ref, audience=form.audience.data or (), basis=form.basis.data or "",
        purpose=form.purpose.data or "", until=form.until.data, agreed=form.agreed.data, version=_number(form.version.data),
    )  # fmt: skip
    return form.done(url_for("disclosures.show", ref=item.ref), "已发布。下面是现在能读到它的人。")


@bp.route("/<ref>/grants/<grant_ref>/revoke", methods=["GET", "POST"])
@requires(Action.DISCLOSURE_PUBLISH)
def revoke(ref: str, grant_ref: str) -> Page:
    """End one addressee's access, after saying in numbers who loses it."""
    form = ConfirmForm()
    if form.is_submitted():
        answer = _posted(form, lambda: _revoke(form, ref, grant_ref))
        if answer is not None:
            return answer
    loss = services.loss_by_revoking(current_db(), current_actor(), ref, grant_ref)
    return render_template("disclosures/revoke.html", form=form, loss=loss, item=loss.item)


def _revoke(form: PortalForm, ref: str, grant_ref: str) -> Response:
    loss = services.revoke_grant(current_db(), current_actor(), ref, grant_ref)
    told = f"已撤销。{loss.reach.organisations} 家机构、{loss.reach.people} 人从现在起打不开它。"
    return form.done(url_for("disclosures.show", ref=ref), told)


@bp.route("/<ref>/withdraw", methods=["GET", "POST"])
@requires(Action.DISCLOSURE_PUBLISH)
def withdraw(ref: str) -> Page:
    """Take an item back from everybody, with a reason, after saying in numbers who loses it."""
    form, status = WithdrawForm(), 200
    if form.is_submitted():
        answer = _posted(form, lambda: _withdraw(form, ref))
        if answer is not None:
            return answer
        status = REFUSED
    loss = services.loss_by_withdrawing(current_db(), current_actor(), ref)
    return render_template("disclosures/withdraw.html", form=form, loss=loss, item=loss.item), status


def _withdraw(form: WithdrawForm, ref: str) -> Response:
    loss = services.withdraw(current_db(), current_actor(), ref, reason=form.reason.data or "")
    told = f"已撤回。{loss.reach.organisations} 家机构、{loss.reach.people} 人从现在起打不开它。"
    return form.done(url_for("disclosures.show", ref=ref), told)

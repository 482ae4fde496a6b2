"""Pages of credit products and applications: input, one service or query, a page."""

from collections.abc import Callable

from flask import Blueprint, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.access.principals import OrgKind
from portal.core.clock import local, today
from portal.core.errors import Invalid
from portal.core.paging import Page, page_number
from portal.financing import queries, services
from portal.financing.amounts import fen_to_wan
from portal.financing.eligibility import Applicant, Check, KeptTerms, checks
from portal.financing.forms import ActForm, ApplyForm, DecisionForm, ProductForm, ShelfForm
from portal.financing.models import Application, CreditProduct, ProductState
from portal.financing.words import APPLICATION_STATES, EVENTS, PRODUCT_STATES, REASONS, collateral_names, region_names, tier_names
from portal.web.edge import current_actor, current_db, keep, undo
from portal.web.guards import requires

bp = Blueprint("financing", __name__)
Answer = str | Response | tuple[str, int]
REFUSED = 422  # a form that could not be taken, shown again; the edge undoes what it had begun, its once-token included


@bp.context_processor
def _words() -> dict[str, object]:
    return {
        "product_states": PRODUCT_STATES, "application_states": APPLICATION_STATES, "decline_reasons": REASONS,
        "application_events": EVENTS, "collateral_names": collateral_names, "tier_names": tier_names,
        "region_names": region_names, "points": points, "wan": fen_to_wan,
    }  # fmt: skip


def points(low: int, high: int) -> str:
    """A range of yearly rates in basis points: 3.35–3.90%."""
    return f"{low / 100:.2f}%" if low == high else f"{low / 100:.2f}–{high / 100:.2f}%"


def _turn(page: Page, endpoint: str, **args: object) -> dict[str, object]:
    def at(number: int) -> str:
        return url_for(endpoint, page=number, **args) if 1 <= number <= page.last else ""

    return {"page": page, "previous": at(page.number - 1), "next": at(page.number + 1)}


@bp.get("/credit-products")
@requires(Action.PRODUCT_READ)
def products() -> Answer:
    """The shelf for an enterprise, the own products for a lender, what is open for the operator."""
    form = ShelfForm(request.args)
    wanted = form.wanted()
    db, actor = current_db(), current_actor()
    rows, page = services.read_products(db, actor, wanted, page_number(request.args.get("page")))
    kept = {name: request.args[name] for name in ("amount", "term", "collateral") if request.args.get(name)}
    return render_template("financing/products.html", rows=rows, form=form, kept=kept, shelf=actor.kind is OrgKind.ENTERPRISE,
                           may_post=actor.may(Action.PRODUCT_POST), **_turn(page, ".products", **kept))  # fmt: skip


@bp.route("/credit-products/new", methods=["GET", "POST"])
@requires(Action.PRODUCT_POST)
def new_product() -> Answer:
    form = ProductForm()
    answer = _save(form, lambda: services.create_product(current_db(), current_actor(), form.terms()), "已存为草稿。上架后企业才看得到。")
    return answer or (render_template("financing/product_form.html", form=form, product=None), _status(form))


@bp.route("/credit-products/<ref>/edit", methods=["GET", "POST"])
@requires(Action.PRODUCT_POST)
def edit_product(ref: str) -> Answer:
    db, actor = current_db(), current_actor()
    product = queries.own_product(db, actor, ref)
    form = ProductForm() if request.method == "POST" else ProductForm.of(product)
    answer = _save(form, lambda: services.change_product(db, actor, ref, form.terms(), form.seen_version()), "已保存。已有的申请仍按提交时的条款。")
    return answer or (render_template("financing/product_form.html", form=form, product=product), _status(form))


def _status(form: FlaskForm) -> int:
    return REFUSED if form.is_submitted() else 200


def _save(form: ProductForm, save: Callable[[], CreditProduct], message: str) -> Response | None:
    if not form.validate_on_submit():
        return None
    if once := form.already_done():
        return once
    try:
        product = save()
    except Invalid as error:
        form.failed(error)
        return None
    return form.done(url_for(".product", ref=product.ref), message)


@bp.get("/credit-products/<ref>")
@requires(Action.PRODUCT_READ)
def product(ref: str) -> Answer:
    db, actor = current_db(), current_actor()
    shown = services.read_product(db, actor, ref)
    wanted = ShelfForm(request.args).wanted()
    enterprise = queries.own_enterprise(db, actor)
    judged: list[Check] = []
    pending = None
    if enterprise is not None:
        judged = checks(shown.product, Applicant(enterprise.tier, enterprise.province_code, wanted.amount, wanted.term))
        pending = queries.pending_application(db, actor, shown.product.id)
    kept = {name: request.args[name] for name in ("amount", "term") if request.args.get(name)}
    return render_template("financing/product.html", shown=shown, product=shown.product, checks=judged, pending=pending, kept=kept,
                           may_apply=actor.may(Action.APPLICATION_MAKE), may_post=shown.mine and actor.may(Action.PRODUCT_POST),
                           act=ActForm())  # fmt: skip


@bp.post("/credit-products/<ref>/open")
@requires(Action.PRODUCT_POST)
def open_product(ref: str) -> Answer:
    return _move(ref, ProductState.OPEN, "已上架，适用的企业现在看得到。")


@bp.post("/credit-products/<ref>/close")
@requires(Action.PRODUCT_POST)
def close_product(ref: str) -> Answer:
    return _move(ref, ProductState.CLOSED, "已下架。已提交的申请不受影响。")


def _move(ref: str, to: ProductState, message: str) -> Response:
    form = ActForm()
    if once := form.already_done():
        return once
    services.move_product(current_db(), current_actor(), ref, to)
    return form.done(url_for(".product", ref=ref), message)


@bp.route("/credit-products/<ref>/apply", methods=["GET", "POST"])
@requires(Action.APPLICATION_MAKE)
def apply(ref: str) -> Answer:
    db, actor = current_db(), current_actor()
    form = ApplyForm() if request.method == "POST" else ApplyForm(request.args)
    good = form.validate_on_submit()
    # Asked first: the first posting's own application would stand in the way of the second one's answer.
    if good and (once := form.already_done()):
        return once
    shown = services.read_product(db, actor, ref)
    if good:
        try:
            made = services.submit_application(db, actor, ref, amount=form.amount.data, term=form.term.data,
                                               purpose=form.purpose.data or "", note=form.note.data or "")  # fmt: skip
            return form.done(url_for(".application", ref=made.ref), f"申请已提交给{shown.lender}。")
        except Invalid as error:
            form.failed(error)
    pending = queries.pending_application(db, actor, shown.product.id)
    page = render_template("financing/apply.html", form=form, shown=shown, product=shown.product, pending=pending)
    return page, _status(form)


@bp.get("/applications")
@requires(Action.APPLICATION_READ)
def applications() -> Answer:
    rows, page = services.read_applications(current_db(), current_actor(), page_number(request.args.get("page")))
    return render_template("financing/applications.html", rows=rows, days=days, **_turn(page, ".applications"))


@bp.get("/applications/<ref>")
@requires(Action.APPLICATION_READ)
def application(ref: str) -> Answer:
    return _application(ref, DecisionForm())


def _application(ref: str, form: DecisionForm) -> str:
    db, actor = current_db(), current_actor()
    listed = services.read_application(db, actor, ref)
    found = listed.application
    return render_template(
        "financing/application.html", listed=listed, application=found, terms=found.terms, form=form, act=ActForm(), days=days,
        lines=queries.history(db, actor, found.id), checks=_checked(found),
        may_decide=not listed.mine and actor.may(Action.APPLICATION_DECIDE),
        may_withdraw=listed.mine and actor.may(Action.APPLICATION_MAKE),
    )  # fmt: skip


def _checked(found: Application) -> list[Check]:
    applicant = Applicant(found.applicant["tier"], found.applicant["province_code"], found.amount, found.term)
    return checks(KeptTerms.of(found.terms), applicant, on=local(found.submitted_at).date())


def days(found: Application) -> int:
    """Calendar days from submission to the answer, or to today, in China."""
    end = local(found.decided_at).date() if found.decided_at else today()
    return (end - local(found.submitted_at).date()).days


@bp.post("/applications/<ref>/decide")
@requires(Action.APPLICATION_DECIDE)
def decide(ref: str) -> Answer:
    form = DecisionForm()
    if form.validate():
        if once := form.already_done():
            return once
        try:
            services.decide_application(current_db(), current_actor(), ref, accept=form.answer.data == "accept",
                                        reason_code=form.reason_code.data or "", reason=form.reason.data or "")  # fmt: skip
            return form.done(url_for(".application", ref=ref), "已答复，企业现在看得到。")
        except Invalid as error:
            form.failed(error)
            undo()
    keep()  # the page below shows the application again, and that reading is recorded
    return _application(ref, form), REFUSED


@bp.route("/applications/<ref>/withdraw", methods=["GET", "POST"])
@requires(Action.APPLICATION_MAKE)
def withdraw(ref: str) -> Answer:
    form = ActForm()
    if form.validate_on_submit():
        if once := form.already_done():
            return once
        services.withdraw_application(current_db(), current_actor(), ref)
        return form.done(url_for(".application", ref=ref), "申请已撤回。")
    listed = services.read_application(current_db(), current_actor(), ref)
    return render_template("financing/withdraw.html", listed=listed, application=listed.application, form=form)

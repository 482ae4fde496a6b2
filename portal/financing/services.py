"""Verbs on credit products and applications: check, write, record, tell; a lifecycle has one door each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.core.clock import now, today
from portal.core.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.core.events import emit
from portal.core.ids import new_ref
from portal.core.paging import Page
from portal.enterprises.models import Enterprise
from portal.enterprises.regions import place
from portal.evidence.services import record, record_read, record_reads
from portal.financing import queries
from portal.financing.eligibility import Applicant, Verdict, checks
from portal.financing.events import ApplicationEnded, ApplicationSubmitted, ProductChanged
from portal.financing.models import Application, ApplicationEvent, ApplicationState, CreditProduct, ProductState, Reason
from portal.financing.queries import Listed, Shown
from portal.financing.words import APPLICATION_STATES, PRODUCT_STATES

STEPS = {
    ProductState.DRAFT: {ProductState.OPEN},
    ProductState.OPEN: {ProductState.CLOSED},
    ProductState.CLOSED: {ProductState.OPEN},
}
# How the log calls the end of an application.
ENDINGS = {
    ApplicationState.ACCEPTED: "application.accepted",
    ApplicationState.DECLINED: "application.declined",
    ApplicationState.WITHDRAWN: "application.withdrawn",
}
CONDITIONS_LENGTH = 4000
PURPOSE_LENGTH = 500
NOTE_LENGTH = 2000


@dataclass(frozen=True)
class ProductTerms:
    """What a lender writes into a product. Amounts in fen, rates in basis points a year, terms in months."""

    name: str
    amount_min: int
    amount_max: int
    rate_min: int
    rate_max: int
    term_min: int
    term_max: int
    collateral: list[str]
    conditions: str = ""
    tiers: Sequence[str] = ()
    regions: Sequence[str] = ()
    promise_days: int | None = None
    valid_until: date | None = None


def create_product(db: Session, actor: Actor, terms: ProductTerms) -> CreditProduct:
    """Write a new product as a draft that only its lender sees. Raises Invalid with a sentence per field."""
    _may(actor, Action.PRODUCT_POST)
    _check(terms)
    made = CreditProduct(
        **_columns(terms), organisation_id=actor.organisation_id, owner=actor.organisation_principal, made_by=actor.person_id
    )
    db.add(made)
    db.flush()
    _told(db, actor, made, "product.created")
    return made


def change_product(db: Session, actor: Actor, ref: str, terms: ProductTerms, version: int) -> CreditProduct:
    """Change a product; applications keep the terms they were made under.

    Raises NotFound, NotAllowed, Invalid, and Conflict when a colleague has changed it since `version`.
    """
    _may(actor, Action.PRODUCT_POST)
    found = _locked(db, queries.own_product(db, actor, ref))
    if found.version != version:
        raise Conflict("这个产品刚被同事改过。回到产品页看现在的内容，再决定要不要改。")
    _check(terms)
    if found.state == ProductState.OPEN and terms.valid_until is not None and terms.valid_until < today():
        raise Invalid(fields={"valid_until": "在架的产品，有效期不能早于今天。先下架，或改日期。"})
    for name, value in _columns(terms).items():
        setattr(found, name, value)
    _saved(db, actor, found, "product.changed")
    return found


def move_product(db: Session, actor: Actor, ref: str, to: ProductState) -> CreditProduct:
    """Put a product on the shelf or take it off. Raises NotFound, NotAllowed, Conflict for a step that is not open."""
    _may(actor, Action.PRODUCT_POST)
    found = _locked(db, queries.own_product(db, actor, ref))
    if to not in STEPS[ProductState(found.state)]:
        raise Conflict(f"这个产品现在是“{PRODUCT_STATES[ProductState(found.state)][1]}”，不能再做这一步。")
    if to is ProductState.OPEN and found.valid_until is not None and found.valid_until < today():
        raise Conflict(f"有效期 {found.valid_until} 已过。先改有效期，再上架。")
    found.state = to.value
    _saved(db, actor, found, "product.published" if to is ProductState.OPEN else "product.closed")
    return found


def _locked(db: Session, found: CreditProduct) -> CreditProduct:
    statement = select(CreditProduct).where(CreditProduct.id == found.id).with_for_update()
    return db.scalars(statement.execution_options(populate_existing=True)).one()


def _saved(db: Session, actor: Actor, found: CreditProduct, kind: str) -> None:
    found.version += 1
    found.updated_at = now()
    db.flush()
    _told(db, actor, found, kind)


def _told(db: Session, actor: Actor, found: CreditProduct, kind: str) -> None:
    record(db, kind, actor=actor, owner=found.owner, about={"product": found.ref, "version": found.version})
    emit(db, ProductChanged(found.id))


def _columns(terms: ProductTerms) -> dict[str, Any]:
    columns = asdict(terms)
    columns |= {"name": terms.name.strip(), "conditions": terms.conditions.strip()}
    return columns | {"tiers": list(terms.tiers), "regions": list(terms.regions), "collateral": list(terms.collateral)}


def _check(terms: ProductTerms) -> None:
    wrong = {}
    if not 1 <= len(terms.name.strip()) <= 80:
        wrong["name"] = "名称写 1 到 80 个字。"
    if not 0 < terms.amount_min <= terms.amount_max:
        wrong["amount_max"] = "最高额度要不小于最低额度。"
    if not 0 <= terms.rate_min <= terms.rate_max <= 10000:
        wrong["rate_max"] = "最高利率要不小于最低利率。"
    if not 0 < terms.term_min <= terms.term_max:
        wrong["term_max"] = "最长期限要不短于最短期限。"
    if not terms.collateral:
        wrong["collateral"] = "至少选一种担保方式；不要担保选“信用”。"
    if len(terms.conditions) > CONDITIONS_LENGTH:
        wrong["conditions"] = f"条件写不超过 {CONDITIONS_LENGTH} 个字。"
    if any(place(code) is None for code in terms.regions):
        wrong["regions"] = "地区只能从列表里选。"
    if terms.promise_days is not None and not 1 <= terms.promise_days <= 250:
        wrong["promise_days"] = "承诺天数写 1 到 250 个工作日。"
    if wrong:
        raise Invalid(fields=wrong)


def submit_application(
    db: Session, actor: Actor, product_ref: str, *, amount: int, term: int, purpose: str, note: str = ""
) -> Application:
    """Apply for a product in the name of the actor's enterprise; only it and the lender will see the application.

    `amount` in fen, `term` in months. Raises NotFound for a product that is not on this enterprise's shelf, Invalid against
    the product's own terms, Conflict while an application of this enterprise for it waits for an answer. Clause （十）3.
    """
    _may(actor, Action.APPLICATION_MAKE)
    shown = queries.product(db, actor, product_ref)
    enterprise = queries.own_enterprise(db, actor)
    if enterprise is None:
        raise NotFound
    if queries.hides_from(db, actor, shown.product.owner):
        raise Conflict(f"你的企业对{shown.lender}隐藏，它看不到申请。先取消隐藏，再申请。")
    _check_application(shown.product, enterprise, amount, term, purpose, note)
    made = _insert(db, actor, shown, enterprise, amount, term, purpose.strip(), note.strip())
    _event(db, actor, made)
    record(db, "application.submitted", actor=actor, owner=made.owner, about={
        "application": made.ref, "product": shown.product.ref, "version": shown.product.version, "basis": "application",
        "lender": shown.lender, "purpose": "申请贷款"})  # fmt: skip
    emit(db, ApplicationSubmitted(made.id, made.ref, made.lender, made.owner))
    return made


def _check_application(
    product: CreditProduct, enterprise: Enterprise, amount: int, term: int, purpose: str, note: str
) -> None:
    wrong = {}
    tier, region, of_amount, of_term, *rest = checks(
        product, Applicant(enterprise.tier, enterprise.province_code, amount, term)
    )
    if of_amount.verdict is Verdict.FAILS:
        wrong["amount"] = of_amount.reason
    if of_term.verdict is Verdict.FAILS:
        wrong["term"] = of_term.reason
    if not 1 <= len(purpose.strip()) <= PURPOSE_LENGTH:
        wrong["purpose"] = f"用途写 1 到 {PURPOSE_LENGTH} 个字。"
    if len(note) > NOTE_LENGTH:
        wrong["note"] = f"补充说明写不超过 {NOTE_LENGTH} 个字。"
    if wrong:
        raise Invalid(fields=wrong)
    failing = [check.reason for check in (tier, region, *rest) if check.verdict is Verdict.FAILS]
    if failing:
        raise Conflict("".join(failing))


def _insert(
    db: Session, actor: Actor, shown: Shown, enterprise: Enterprise, amount: int, term: int, purpose: str, note: str
) -> Application:
    values = {
        "ref": new_ref(), "product_id": shown.product.id, "terms": terms_of(shown.product), "organisation_id":
        shown.product.organisation_id, "lender": shown.product.owner, "enterprise_id": enterprise.id,
        "owner": enterprise.owner, "amount": amount, "term": term, "purpose": purpose, "note": note,
        "submitted_by": actor.person_id, "submitted_at": now(),
        "applicant": {"name": enterprise.name, "uscc": enterprise.uscc, "tier": enterprise.tier,
                      "province_code": enterprise.province_code},
    }  # fmt: skip
    # Two colleagues may press the button at once: the second waits here for the first and then finds its row.
    statement = insert(Application).values(values).on_conflict_do_nothing(
        index_elements=["enterprise_id", "product_id"], index_where=Application.state == ApplicationState.SUBMITTED.value
    )  # fmt: skip
    made = db.scalar(statement.returning(Application))
    if made is None:
        raise Conflict("这个产品已有一份等待答复的申请。先等银行答复，或撤回那一份。")
    return made


def terms_of(product: CreditProduct) -> dict[str, Any]:
    """A product's terms as an application keeps them."""
    kept = ("name", "version", "amount_min", "amount_max", "rate_min", "rate_max", "term_min", "term_max", "collateral",
            "conditions", "tiers", "regions", "promise_days")  # fmt: skip
    until = product.valid_until.isoformat() if product.valid_until else None
    return {name: getattr(product, name) for name in kept} | {"valid_until": until, "ref": product.ref}


def decide_application(
    db: Session, actor: Actor, ref: str, *, accept: bool, reason_code: str = "", reason: str = ""
) -> Application:
    """Accept or decline in the name of the lender; a refusal needs a reason from the list.

    Raises NotFound, NotAllowed for anybody but the lender, Conflict when it has been decided or withdrawn, Invalid.
    """
    _may(actor, Action.APPLICATION_DECIDE)
    found = queries.application(db, actor, ref, lock=True).application
    if found.lender != actor.organisation_principal:
        raise NotAllowed("这份申请由收到它的机构答复。")
    _waiting(found)
    if not accept and reason_code not in list(Reason):
        raise Invalid(fields={"reason_code": "选一个原因：企业要知道差在哪里。"})
    if not accept and reason_code == Reason.OTHER and not reason.strip():
        raise Invalid(fields={"reason": "选了“其他”，写明原因。"})
    if len(reason) > NOTE_LENGTH:
        raise Invalid(fields={"reason": f"说明写不超过 {NOTE_LENGTH} 个字。"})
    found.state = (ApplicationState.ACCEPTED if accept else ApplicationState.DECLINED).value
    found.reason_code = None if accept else reason_code
    found.reason = reason.strip()
    found.decided_at, found.decided_by = now(), actor.person_id
    _ended(db, actor, found)
    return found


def withdraw_application(db: Session, actor: Actor, ref: str) -> Application:
    """Take back an application that waits for an answer. Raises NotFound, NotAllowed for the lender, Conflict."""
    _may(actor, Action.APPLICATION_MAKE)
    found = queries.application(db, actor, ref, lock=True).application
    if found.owner != actor.organisation_principal:
        raise NotAllowed("只有提出申请的企业能撤回它。")
    _waiting(found)
    found.state = ApplicationState.WITHDRAWN.value
    _ended(db, actor, found)
    return found


def _waiting(found: Application) -> None:
    if found.state != ApplicationState.SUBMITTED:
        raise Conflict(f"这份申请{APPLICATION_STATES[ApplicationState(found.state)][1]}，不能再改。")


def _ended(db: Session, actor: Actor, found: Application) -> None:
    found.version += 1
    db.flush()
    _event(db, actor, found)
    record(db, ENDINGS[ApplicationState(found.state)], actor=actor, owner=found.owner, about={
        "application": found.ref, "version": found.version, "reason": found.reason_code})  # fmt: skip
    emit(db, ApplicationEnded(found.id, found.ref, found.lender, found.owner, found.state))


def _event(db: Session, actor: Actor, found: Application) -> None:
    db.add(ApplicationEvent(
        application_id=found.id, state=found.state, person_id=actor.person_id, organisation_id=actor.organisation_id
    ))  # fmt: skip
    db.flush()


def read_product(db: Session, actor: Actor, ref: str) -> Shown:
    """A product for its reader, recorded unless it is the reader's own. Raises NotFound."""
    shown = queries.product(db, actor, ref)
    _looked(db, actor, "product", [shown])
    return shown


def read_products(db: Session, actor: Actor, wanted: queries.Wanted, number: int = 1) -> tuple[list[Shown], Page]:
    """One page of products, recorded as one answer."""
    rows, page = queries.products(db, actor, wanted, number)
    _looked(db, actor, "product.list", rows)
    return rows, page


def _looked(db: Session, actor: Actor, what: str, rows: Sequence[Shown]) -> None:
    """Record that somebody else's products were shown. The lender is not told who looks at its shelf: an enterprise that
    hides from it would show itself there."""
    others = [(row.product.ref, row.product.version) for row in rows if not row.mine]
    if others:
        record_read(db, actor, owner=None, what=what, items=others)


def read_application(db: Session, actor: Actor, ref: str) -> Listed:
    """An application for one of its parties; the lender's reading is recorded for the enterprise. Raises NotFound."""
    found = queries.application(db, actor, ref)
    if not found.mine:
        shown = [(found.application.ref, found.application.version)]
        record_read(db, actor, owner=found.application.owner, what="application", items=shown)
    return found


def read_applications(db: Session, actor: Actor, number: int = 1) -> tuple[list[Listed], Page]:
    """One page of applications; the lender's reading is recorded, once for each enterprise on it."""
    rows, page = queries.applications(db, actor, number)
    seen = [(row.application.owner, row.application.ref, row.application.version) for row in rows if not row.mine]
    if seen:
        record_reads(db, actor, what="application.list", items=seen)
    return rows, page


def _may(actor: Actor, action: Action) -> None:
    if not actor.may(action):
        raise NotAllowed("你现在的身份不能做这件事。换一个机构身份，或回到首页。")

"""Questions about credit products and applications; each answers only what the actor may read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, any_, case, func, select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.principals import OrgKind
from portal.accounts.models import Organisation, Person
from portal.core.errors import NotAllowed, NotFound
from portal.core.paging import PAGE_SIZE, Page
from portal.enterprises.models import Enterprise
from portal.financing.models import Application, ApplicationEvent, ApplicationState, CreditProduct
from portal.financing.policy import application_readable, product_readable
from portal.grants.models import Exclusion


@dataclass(frozen=True)
class Wanted:
    """What a reader of the shelf looks for; None leaves a condition open. `amount` counts fen, `term` months."""

    amount: int | None = None
    term: int | None = None
    collateral: str | None = None


@dataclass(frozen=True)
class Shown:
    """A product with the name of its lender; `mine` when the actor acts for that lender."""

    product: CreditProduct
    lender: str
    mine: bool


@dataclass(frozen=True)
class Listed:
    """An application with the name of its lender; `mine` when the actor acts for the enterprise."""

    application: Application
    lender: str
    mine: bool


@dataclass(frozen=True)
class Line:
    """One line of an application's history."""

    state: str
    at: datetime
    person: str
    organisation: str


def products(db: Session, actor: Actor, wanted: Wanted, number: int = 1) -> tuple[list[Shown], Page]:
    """One page of the products the actor may read: a lender's own newest first, a shelf from the lowest rate up."""
    found = select(CreditProduct, Organisation.name).join(Organisation, Organisation.id == CreditProduct.organisation_id)
    found = _matching(found.where(product_readable(actor)), wanted)
    total = db.scalar(select(func.count()).select_from(found.subquery())) or 0
    page = Page(min(number, Page(1, PAGE_SIZE, total).last), PAGE_SIZE, total)
    own = CreditProduct.owner == (actor.organisation_principal or 0)
    order = (case((own, CreditProduct.updated_at)).desc().nulls_last(), CreditProduct.rate_min, CreditProduct.id)
    rows = db.execute(found.order_by(*order).limit(page.size).offset(page.offset))
    return [Shown(product, name, product.owner == actor.organisation_principal) for product, name in rows], page


def _matching(statement: Select, wanted: Wanted) -> Select:
    if wanted.amount is not None:
        statement = statement.where(CreditProduct.amount_min <= wanted.amount, CreditProduct.amount_max >= wanted.amount)
    if wanted.term is not None:
        statement = statement.where(CreditProduct.term_min <= wanted.term, CreditProduct.term_max >= wanted.term)
    if wanted.collateral is not None:
        statement = statement.where(wanted.collateral == any_(CreditProduct.collateral))
    return statement


def product(db: Session, actor: Actor, ref: str) -> Shown:
    """A product by its reference. Raises NotFound when it is absent or not for this actor."""
    row = db.execute(
        select(CreditProduct, Organisation.name)
        .join(Organisation, Organisation.id == CreditProduct.organisation_id)
        .where(CreditProduct.ref == ref, product_readable(actor))
    ).one_or_none()
    if row is None:
        raise NotFound
    return Shown(row[0], row[1], row[0].owner == actor.organisation_principal)


def own_product(db: Session, actor: Actor, ref: str) -> CreditProduct:
    """A product the actor may change. Raises NotFound, or NotAllowed when it is readable but another lender's."""
    found = product(db, actor, ref)
    if not found.mine:
        raise NotAllowed("只有发布这个产品的机构能改它。")
    return found.product


def own_enterprise(db: Session, actor: Actor) -> Enterprise | None:
    """The enterprise the actor works for; None for every other kind of organisation."""
    if actor.kind is not OrgKind.ENTERPRISE or not actor.organisation_principal:
        return None
    return db.scalar(select(Enterprise).where(Enterprise.owner == actor.organisation_principal))


def pending_application(db: Session, actor: Actor, product_id: int) -> Application | None:
    """The actor's own enterprise's application for a product that waits for an answer."""
    return db.scalar(
        select(Application).where(
            Application.product_id == product_id,
            Application.owner == (actor.organisation_principal or 0),
            Application.state == ApplicationState.SUBMITTED.value,
            application_readable(actor),
        )
    )


def hides_from(db: Session, actor: Actor, principal: int) -> bool:
    """Whether the actor's own enterprise hides from the organisation with this principal."""
    return db.scalar(
        select(Exclusion.id).where(
            Exclusion.owner == actor.organisation_principal, Exclusion.principal == principal, Exclusion.ended_at.is_(None)
        )
    ) is not None  # fmt: skip


def applications(db: Session, actor: Actor, number: int = 1) -> tuple[list[Listed], Page]:
    """One page of the actor's applications, made or received: those that wait first, then the newest."""
    readable = application_readable(actor)
    total = db.scalar(select(func.count()).select_from(Application).where(readable)) or 0
    page = Page(min(number, Page(1, PAGE_SIZE, total).last), PAGE_SIZE, total)
    waiting = Application.state == ApplicationState.SUBMITTED.value
    rows = db.execute(
        select(Application, Organisation.name)
        .join(Organisation, Organisation.id == Application.organisation_id)
        .where(readable)
        .order_by(waiting.desc(), Application.submitted_at.desc(), Application.id.desc())
        .limit(page.size)
        .offset(page.offset)
    )
    return [Listed(found, name, found.owner == actor.organisation_principal) for found, name in rows], page


def waiting(db: Session, actor: Actor, n: int = 5) -> list[Listed]:
    """Applications that wait for an answer, the longest first: for a start page."""
    rows = db.execute(
        select(Application, Organisation.name)
        .join(Organisation, Organisation.id == Application.organisation_id)
        .where(application_readable(actor), Application.state == ApplicationState.SUBMITTED.value)
        .order_by(Application.submitted_at, Application.id)
        .limit(n)
    )
    return [Listed(found, name, found.owner == actor.organisation_principal) for found, name in rows]


def application(db: Session, actor: Actor, ref: str, *, lock: bool = False) -> Listed:
    """An application by its reference, locked for a decision when `lock`. Raises NotFound for all but its two parties."""
    statement = (
        select(Application, Organisation.name)
        .join(Organisation, Organisation.id == Application.organisation_id)
        .where(Application.ref == ref, application_readable(actor))
    )
    if lock:
        statement = statement.with_for_update(of=Application).execution_options(populate_existing=True)
    row = db.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return Listed(row[0], row[1], row[0].owner == actor.organisation_principal)


def history(db: Session, actor: Actor, application_id: int) -> list[Line]:
    """What happened to an application, oldest first; nothing for anybody but its parties."""
    rows = db.execute(
        select(ApplicationEvent.state, ApplicationEvent.at, Person.name, Organisation.name)
        .join(Application, Application.id == ApplicationEvent.application_id)
        .join(Person, Person.id == ApplicationEvent.person_id)
        .join(Organisation, Organisation.id == ApplicationEvent.organisation_id)
        .where(ApplicationEvent.application_id == application_id, application_readable(actor))
        .order_by(ApplicationEvent.id)
    )
    return [Line(*row) for row in rows]

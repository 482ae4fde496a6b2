"""Who may read products and applications, as expressions; the migration says the same to the database, a test holds them equal."""

from sqlalchemy import ColumnElement, Date, and_, any_, cast, exists, func, literal, or_, select

from portal.access.actor import Actor
from portal.access.principals import OPERATOR
from portal.enterprises.models import Enterprise
from portal.financing.models import Application, ApplicationState, CreditProduct, ProductState
from portal.grants.policy import not_excluded, owned, principals


def current() -> ColumnElement[bool]:
    """The product's last day has not passed in China."""
    china = cast(func.timezone("Asia/Shanghai", func.now()), Date)
    return or_(CreditProduct.valid_until.is_(None), CreditProduct.valid_until >= china)


def meant_for(actor: Actor) -> ColumnElement[bool]:
    """The actor's own enterprise is on the board and within the product's tiers and regions."""
    return exists(
        select(literal(1))
        .select_from(Enterprise)
        .where(
            Enterprise.owner == any_(principals(actor)),
            Enterprise.owner != 0,
            Enterprise.member,
            or_(func.cardinality(CreditProduct.tiers) == 0, Enterprise.tier == any_(CreditProduct.tiers)),
            or_(func.cardinality(CreditProduct.regions) == 0, Enterprise.province_code == any_(CreditProduct.regions)),
        )
    )


def product_readable(actor: Actor) -> ColumnElement[bool]:
    """The lender's own, or an open one: for the enterprises it is meant for while it lasts, and for the operator."""
    on_shelf = and_(current(), meant_for(actor))
    operator = literal(OPERATOR) == any_(principals(actor))
    return or_(owned(actor, CreditProduct.owner), and_(CreditProduct.state == ProductState.OPEN.value, or_(operator, on_shelf)))


def application_readable(actor: Actor) -> ColumnElement[bool]:
    """The two parties and nobody else.

    The lender's basis `application` ends when the enterprise withdraws, and is outranked when it hides from the lender; what
    the lender itself decided stays with it.
    """
    open_ = Application.state != ApplicationState.WITHDRAWN.value
    lender = and_(Application.lender == any_(principals(actor)), open_, not_excluded(Application.enterprise_id))
    return or_(owned(actor, Application.owner), lender)

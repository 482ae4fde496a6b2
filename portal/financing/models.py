"""Credit products, loan applications and the history of each application."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import Organisation, Person
from portal.core.db import Base, Key, Moment, quoted
from portal.core.ids import new_ref
from portal.enterprises.models import Enterprise, Tier


class ProductState(StrEnum):
    """Where a credit product stands: only an open one is on the shelf."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class ApplicationState(StrEnum):
    """Where an application stands; every state but `submitted` is final."""

    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Collateral(StrEnum):
    """What a loan may rest on: the five kinds of asset of Xinjiang's 助贷, and the usual three."""

    EQUITY = "equity"
    PATENT = "patent"
    RECEIVABLES = "receivables"
    ORDERS = "orders"
    EQUIPMENT = "equipment"
    CREDIT = "credit"
    GUARANTEE = "guarantee"
    PROPERTY = "property"


class Reason(StrEnum):
    """Why a lender declines: a borrower is never left without one."""

    AMOUNT = "amount"
    TERM = "term"
    COLLATERAL = "collateral"
    FIGURES = "figures"
    HISTORY = "history"
    INDUSTRY = "industry"
    PAPERS = "papers"
    OTHER = "other"


class CreditProduct(Base):
    """A lender's offer. Amounts count fen, rates basis points a year, terms months.

    `owner` is the lender's principal. Empty `tiers` or `regions` (GB/T 2260 province codes) mean all of the board's.
    `promise_days`: working days within which the lender says it decides. `version` rises with every change.
    """

    __tablename__ = "credit_product"
    __table_args__ = (
        CheckConstraint("length(btrim(name)) between 1 and 80", name="name"),
        CheckConstraint("amount_min > 0 and amount_min <= amount_max", name="amount"),
        CheckConstraint("rate_min >= 0 and rate_min <= rate_max and rate_max <= 10000", name="rate"),
        CheckConstraint("term_min > 0 and term_min <= term_max and term_max <= 600", name="term"),
        CheckConstraint(f"cardinality(collateral) > 0 and collateral <@ array[{quoted(Collateral)}]", name="collateral"),
        CheckConstraint(f"tiers <@ array[{quoted(Tier)}]", name="tiers"),
        CheckConstraint("promise_days between 1 and 250", name="promise_days"),
        CheckConstraint(f"state in ({quoted(ProductState)})", name="state"),
        Index("credit_product_shelf", "rate_min", "id", postgresql_where=text("state = 'open'")),
        Index("credit_product_owner", "owner", "id"),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    owner: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text)
    amount_min: Mapped[int] = mapped_column(BigInteger)
    amount_max: Mapped[int] = mapped_column(BigInteger)
    rate_min: Mapped[int] = mapped_column(Integer)
    rate_max: Mapped[int] = mapped_column(Integer)
    term_min: Mapped[int] = mapped_column(Integer)
    term_max: Mapped[int] = mapped_column(Integer)
    collateral: Mapped[list[str]] = mapped_column(ARRAY(Text))
    conditions: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    tiers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), default=list)
    regions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), default=list)
    promise_days: Mapped[int | None] = mapped_column(Integer)
    valid_until: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text, server_default=text("'draft'"), default=ProductState.DRAFT.value)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"), default=1)
    made_by: Mapped[int] = mapped_column(ForeignKey(Person.id))
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Application(Base):
    """An enterprise's application for a product, a matter of two parties: `owner` (the enterprise) and `lender`, both principals.

    `terms` and `applicant` keep what the product and the enterprise were when it was submitted, so that a later change of
    either alters nothing here. `amount` counts fen, `term` months.
    """

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("term > 0", name="term"),
        CheckConstraint("length(btrim(purpose)) > 0", name="purpose"),
        CheckConstraint("lender <> owner", name="parties"),
        CheckConstraint(f"state in ({quoted(ApplicationState)})", name="state"),
        CheckConstraint(
            "(state in ('accepted', 'declined')) = (decided_at is not null) and (decided_at is null) = (decided_by is null)",
            name="decided",
        ),
        CheckConstraint(f"reason_code in ({quoted(Reason)})", name="reason_code"),
        CheckConstraint("(state = 'declined') = (reason_code is not null)", name="reason"),
        Index("application_open", "enterprise_id", "product_id", unique=True, postgresql_where=text("state = 'submitted'")),
        Index("application_owner", "owner", "submitted_at"),
        Index("application_lender", "lender", "submitted_at"),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    product_id: Mapped[int] = mapped_column(ForeignKey(CreditProduct.id))
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    applicant: Mapped[dict[str, Any]] = mapped_column(JSONB)
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    lender: Mapped[int] = mapped_column(Integer)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey(Enterprise.id))
    owner: Mapped[int] = mapped_column(Integer)
    amount: Mapped[int] = mapped_column(BigInteger)
    term: Mapped[int] = mapped_column(Integer)
    purpose: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    state: Mapped[str] = mapped_column(Text, server_default=text("'submitted'"), default=ApplicationState.SUBMITTED.value)
    reason_code: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"), default=1)
    submitted_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    submitted_by: Mapped[int] = mapped_column(ForeignKey(Person.id))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id))


class ApplicationEvent(Base):
    """One line of an application's history: who brought it into which state, when; for both parties, never changed."""

    __tablename__ = "application_event"
    __table_args__ = (CheckConstraint(f"state in ({quoted(ApplicationState)})", name="state"),)
    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(ForeignKey(Application.id), index=True)
    state: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))

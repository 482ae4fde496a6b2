"""Enterprises, the one fact table, and the sections an enterprise writes about itself."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import Organisation
from portal.core.db import Base, Key, Moment, quoted
from portal.core.ids import new_ref


class Tier(StrEnum):
    """The board's three tiers, lowest first: 孵化层, 规范层, 培育层."""

    HATCH = "hatch"
    STANDARD = "standard"
    CULTIVATION = "cultivation"


class Category(StrEnum):
    """Titles an authority awards to an enterprise."""

    INNOVATIVE = "innovative"
    SPECIALISED = "specialised"
    LITTLE_GIANT = "little_giant"
    CHAMPION = "champion"
    HIGH_TECH = "high_tech"


class Carrier(StrEnum):
    """What brought a fact here, and therefore who may read it: the register, or an object with grants of its own."""

    REGISTER = "register"
    SECTION = "section"
    REPORT = "report"
    DISCLOSURE = "disclosure"


class SectionKey(StrEnum):
    """The sections of a profile."""

    BUSINESS = "business"
    PRODUCTS = "products"
    TEAM = "team"
    CERTIFICATES = "certificates"
    FINANCING_NEED = "financing_need"


class Enterprise(Base):
    """A company of the register; `member` says that it was admitted to the board.

    `owner` is the principal of its organisation (0: nobody here acts for it). Codes are GB/T 2260 (places) and GB/T 4754
    (industry), null when the source's words could not be resolved; those words are kept in `…_text`. `capital` counts the
    smallest unit of `capital_currency`. `version` rises with every change.
    """

    __tablename__ = "enterprise"
    __table_args__ = (
        CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc"),
        CheckConstraint(f"tier in ({quoted(Tier)})", name="tier"),
        CheckConstraint(f"categories <@ array[{quoted(Category)}]", name="categories"),
        CheckConstraint("(capital is null) = (capital_currency is null)", name="capital"),
        CheckConstraint("tier is null or member", name="membership"),
        Index("enterprise_owner", "owner", postgresql_where=text("owner <> 0")),
        Index("enterprise_board", "id", postgresql_where=text("member")),
    )
    id: Mapped[Key]
    uscc: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id), unique=True)
    owner: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    member: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    tier: Mapped[str | None] = mapped_column(Text)
    categories: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), default=list)
    province_code: Mapped[str | None] = mapped_column(Text)
    city_code: Mapped[str | None] = mapped_column(Text)
    district_code: Mapped[str | None] = mapped_column(Text)
    province_text: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    city_text: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    industry_code: Mapped[str | None] = mapped_column(Text)
    founded: Mapped[date | None] = mapped_column(Date)
    capital: Mapped[int | None] = mapped_column(BigInteger)
    capital_currency: Mapped[str | None] = mapped_column(Text)
    company_type: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    address: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    scope: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    summary: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    demo: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    joined_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"), default=1)
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Fact(Base):
    """One statement about an enterprise with its source and date: a figure (`value`) or words (`text_value`).

    `concept` is a name of `xbrl/concepts.csv` or of `register.CONCEPTS`. Figures in a currency count its smallest unit
    (`unit` = ISO 4217 code). `period_start` null with a `period_end` is an instant. Rows are never changed: a new value is a
    new `version`. `carrier` and `carrier_id` name the object whose readers may read the fact.
    """

    __tablename__ = "fact"
    __table_args__ = (
        CheckConstraint("(value is null) <> (text_value is null)", name="one_value"),
        CheckConstraint(f"carrier in ({quoted(Carrier)})", name="carrier"),
        CheckConstraint("(carrier = 'register') = (carrier_id is null)", name="carrier_id"),
        CheckConstraint("scope in ('', 'consolidated', 'parent')", name="scope"),
        CheckConstraint("period_start <= period_end", name="period"),
        Index("fact_version", "enterprise_id", "concept", "version", "carrier", "carrier_id", "period_end", "period_start",
              "scope", unique=True, postgresql_nulls_not_distinct=True),
        Index("fact_carrier", "carrier", "carrier_id", postgresql_where=text("carrier_id is not null")),
    )  # fmt: skip
    id: Mapped[Key]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey(Enterprise.id))
    owner: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    concept: Mapped[str] = mapped_column(Text)
    period_start: Mapped[date | None] = mapped_column(Date)
    period_end: Mapped[date | None] = mapped_column(Date)
    scope: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    value: Mapped[int | None] = mapped_column(BigInteger)
    text_value: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    source: Mapped[str] = mapped_column(Text)
    source_date: Mapped[date] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"), default=1)
    carrier: Mapped[str] = mapped_column(Text)
    carrier_id: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class ProfileSection(Base):
    """A part of the profile in the enterprise's own words; nobody beyond it may read one until a grant says so."""

    __tablename__ = "profile_section"
    __table_args__ = (
        CheckConstraint(f"key in ({quoted(SectionKey)})", name="key"),
        UniqueConstraint("enterprise_id", "key"),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey(Enterprise.id))
    owner: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"), default=1)
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

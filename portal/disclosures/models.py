"""Disclosures and their documents, and the states an item passes through."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import Person
from portal.core.db import Base, Key, Moment, quoted
from portal.core.ids import new_ref
OBJECT = "disclosure"  # the grants' word for an item
PDF = "application/pdf"


class Kind(StrEnum):
    """What an item is about."""

    NOTICE = "notice"
    PERIODIC = "periodic"
    FINANCING = "financing"
    MATERIAL = "material"
    NEWS = "news"


KIND_NAMES = {
    Kind.NOTICE: "公告通知",
    Kind.PERIODIC: "定期数据",
    Kind.FINANCING: "融资材料",
    Kind.MATERIAL: "重大事项",
    Kind.NEWS: "企业动态",
}


class State(StrEnum):
    """Where an item stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


STATE_NAMES = {State.DRAFT: "草稿", State.PUBLISHED: "已发布", State.WITHDRAWN: "已撤回"}
# A published item never goes back: what was given out can only be taken away. Drafts are deleted, not moved.
TRANSITIONS = {State.DRAFT: frozenset({State.PUBLISHED}), State.PUBLISHED: frozenset({State.WITHDRAWN}), State.WITHDRAWN: frozenset()}


class Disclosure(Base):
    """One item. `version` counts its saved editions and is fixed by publication; `owner` is the enterprise's principal."""

    __tablename__ = "disclosure"
    __table_args__ = (
        CheckConstraint(f"kind in ({quoted(Kind)})", name="kind"),
        CheckConstraint(f"state in ({quoted(State)})", name="state"),
        CheckConstraint("length(title) between 1 and 120", name="title"),
        CheckConstraint("(published_at is null) = (state = 'draft')", name="published_at"),
        CheckConstraint("(withdrawn_at is null) = (state <> 'withdrawn')", name="withdrawn_at"),
        Index("disclosure_own", "owner", text("updated_at desc"), text("id desc")),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    enterprise_id: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, server_default="", default="")
    state: Mapped[str] = mapped_column(Text, server_default=State.DRAFT.value, default=State.DRAFT.value)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"), default=1)
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    withdraw_reason: Mapped[str] = mapped_column(Text, server_default="", default="")
    made_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Document(Base):
    """A PDF of an item: `size` in octets, `sha256` of its content in hexadecimal, `storage_key` where it lies encrypted."""

    __tablename__ = "disclosure_document"
    __table_args__ = (CheckConstraint(f"media_type = '{PDF}'", name="media_type"),)
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    disclosure_id: Mapped[int] = mapped_column(ForeignKey(Disclosure.id, ondelete="CASCADE"), index=True)
    enterprise_id: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text, server_default=PDF, default=PDF)
    pages: Mapped[int] = mapped_column(Integer)
    storage_key: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)
    uploaded_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

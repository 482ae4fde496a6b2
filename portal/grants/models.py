"""Grants and exclusions. A grant is never deleted: it ends by its period or by `revoked_at`."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.access.basis import Basis
from portal.accounts.models import Organisation, Person
from portal.core.clock import NEVER_SQL
from portal.core.db import Base, Key, Moment, quoted
from portal.core.ids import new_ref
BASES = quoted(Basis)


class Grant(Base):
    """One tie: `principal` may read object (`object_kind`, `object_id`) of an enterprise on `basis` for `purpose` from `starts` to `ends`.

    `readable_at` is when the object became readable by this tie, the order of feeds. `owner` is the principal of the
    enterprise's organisation, which sees its own grants.
    """

    __tablename__ = "access_grant"
    __table_args__ = (
        CheckConstraint(f"basis in ({BASES})", name="basis"),
        CheckConstraint("length(purpose) > 0", name="purpose"),
        CheckConstraint("ends > starts", name="period"),
        Index("access_grant_feed", "principal", "object_kind", text("readable_at desc"), text("object_id desc"),
              postgresql_where=text("revoked_at is null"), postgresql_include=["starts", "ends", "enterprise_id", "basis"]),
        Index("access_grant_object", "object_kind", "object_id", "principal",
              postgresql_where=text("revoked_at is null"), postgresql_include=["starts", "ends", "basis"]),
        Index("access_grant_owner", "owner", "object_kind"),
    )  # fmt: skip
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    object_kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[int] = mapped_column(BigInteger)
    enterprise_id: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[int] = mapped_column(Integer)
    principal: Mapped[int] = mapped_column(Integer)
    basis: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    readable_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    starts: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    ends: Mapped[datetime] = mapped_column(Moment, server_default=text(NEVER_SQL))
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    made_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    made_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Exclusion(Base):
    """An enterprise hides from an organisation: outranks every basis but `own` and `rule`."""

    __tablename__ = "exclusion"
    id: Mapped[Key]
    enterprise_id: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[int] = mapped_column(Integer)
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    principal: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        Index("exclusion_live", "principal", "enterprise_id", unique=True, postgresql_where=text("ended_at is null")),
    )

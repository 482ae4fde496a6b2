"""Roadshows, their audiences, the enterprises that present, and registrations."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import Organisation, Person, Principal
from portal.core.db import Base, Key, Moment, quoted
from portal.core.ids import new_ref
from portal.enterprises.models import Enterprise


class RoadshowState(StrEnum):
    """Where a roadshow stands: `open` takes registrations, `closed` takes none any more."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class RegistrationState(StrEnum):
    """Whether a seat is held."""

    REGISTERED = "registered"
    CANCELLED = "cancelled"


class Roadshow(Base):
    """An event of the operator. `sequence` counts its changes for calendars (RFC 5545)."""

    __tablename__ = "roadshow"
    __table_args__ = (
        CheckConstraint("length(btrim(title)) between 1 and 120", name="title"),
        CheckConstraint("ends > starts", name="period"),
        CheckConstraint("registration_until <= starts", name="registration_until"),
        CheckConstraint("capacity between 1 and 100000", name="capacity"),
        CheckConstraint(f"state in ({quoted(RoadshowState)})", name="state"),
        Index("roadshow_starts", "starts", "id"),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    title: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    description: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    starts: Mapped[datetime] = mapped_column(Moment)
    ends: Mapped[datetime] = mapped_column(Moment)
    registration_until: Mapped[datetime] = mapped_column(Moment)
    capacity: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text, server_default=text("'draft'"), default=RoadshowState.DRAFT.value)
    organiser_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    sequence: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"), default=1)
    made_by: Mapped[int] = mapped_column(ForeignKey(Person.id))
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

    @property
    def slug(self) -> str:
        """Its part of the address: the random reference, so that titles and numbers tell nothing."""
        return self.ref


class RoadshowReader(Base):
    """A principal to whom a roadshow is shown once it is no draft; `presenting` when it comes from an enterprise that presents."""

    __tablename__ = "roadshow_reader"
    roadshow_id: Mapped[int] = mapped_column(ForeignKey(Roadshow.id), primary_key=True)
    principal: Mapped[int] = mapped_column(ForeignKey(Principal.id), primary_key=True)
    presenting: Mapped[bool] = mapped_column(server_default=text("false"), default=False)


class RoadshowEnterprise(Base):
    """An enterprise that presents, in the order of the programme; `owner` is the principal of its organisation (0: none)."""

    __tablename__ = "roadshow_enterprise"
    roadshow_id: Mapped[int] = mapped_column(ForeignKey(Roadshow.id), primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey(Enterprise.id), primary_key=True)
    owner: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    position: Mapped[int] = mapped_column(Integer)
    __table_args__ = (Index("roadshow_enterprise_enterprise_id_ix", "enterprise_id"),)


class RoadshowLink(Base):
    """The address under which a roadshow is joined online: for organisations that take part, and the operator."""

    __tablename__ = "roadshow_link"
    roadshow_id: Mapped[int] = mapped_column(ForeignKey(Roadshow.id), primary_key=True)
    address: Mapped[str] = mapped_column(Text)


class Registration(Base):
    """A person's seat, taken for an organisation whose principal is `principal`."""

    __tablename__ = "registration"
    __table_args__ = (
        CheckConstraint(f"state in ({quoted(RegistrationState)})", name="state"),
        CheckConstraint("(state = 'cancelled') = (cancelled_at is not null)", name="cancelled"),
        Index("registration_live", "roadshow_id", "person_id", unique=True, postgresql_where=text("state = 'registered'")),
        Index("registration_principal", "principal", "roadshow_id"),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    roadshow_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Roadshow.id))
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    principal: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text, server_default=text("'registered'"), default=RegistrationState.REGISTERED.value)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    cancelled_at: Mapped[datetime | None] = mapped_column(Moment)

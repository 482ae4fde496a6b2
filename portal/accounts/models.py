"""People, organisations, membership, principals, sign-in sessions and attempts."""

from datetime import date, datetime
from typing import Annotated

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Identity, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.principals import FIRST_FREE, OrgKind
from portal.core.clock import NEVER_SQL
from portal.core.db import Base, Key, Moment, quoted
from portal.core.ids import new_ref
# Not `generated always`: the word of the row's principal carries the id, so the id is drawn before both rows are written.
NamedKey = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
KINDS = quoted(OrgKind)


class Principal(Base):
    """A number that grants and policies know, and the word it stands for (`org:17`, `kind:bank`, `qualified`)."""

    __tablename__ = "principal"
    id: Mapped[int] = mapped_column(Integer, Identity(always=False, start=FIRST_FREE), primary_key=True)
    word: Mapped[str] = mapped_column(Text, unique=True)


class Organisation(Base):
    """A party that works in the portal. `qualified_from..qualified_until` (inclusive dates) decides whether it sees the board."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint(f"kind in ({KINDS})", name="kind"),)
    id: Mapped[NamedKey]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    uscc: Mapped[str | None] = mapped_column(Text, unique=True)
    principal: Mapped[int] = mapped_column(ForeignKey(Principal.id), unique=True)
    qualified_from: Mapped[date | None] = mapped_column(Date)
    qualified_until: Mapped[date | None] = mapped_column(Date)
    demo: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Person(Base):
    """Somebody who can sign in. Passwords are argon2 digests kept by Flask-Security-Too."""

    __tablename__ = "person"
    id: Mapped[NamedKey]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    username: Mapped[str] = mapped_column(Text, unique=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    password: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"), default=True)
    fs_uniquifier: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    principal: Mapped[int] = mapped_column(ForeignKey(Principal.id), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Membership(Base):
    """A person in an organisation with roles (`admin`, `staff`, `viewer`); `ended_at` takes everything away at the next request."""

    __tablename__ = "membership"
    __table_args__ = (
        Index("membership_live", "person_id", "organisation_id", unique=True, postgresql_where=text("ended_at is null")),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id), index=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    started_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    person: Mapped[Person] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")


class RingMember(Base):
    """An organisation within a ring: a principal such as `event:9` that lasts for a period."""

    __tablename__ = "ring_member"
    id: Mapped[Key]
    principal: Mapped[int] = mapped_column(ForeignKey(Principal.id))
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    starts: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    ends: Mapped[datetime] = mapped_column(Moment, server_default=text(NEVER_SQL))
    __table_args__ = (Index("ring_member_organisation", "organisation_id", "ends"),)


class SignInSession(Base):
    """One browser that is signed in; the cookie holds the token, the row its SHA-256. `ended_at` signs it out."""

    __tablename__ = "sign_in_session"
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    membership_id: Mapped[int | None] = mapped_column(ForeignKey(Membership.id))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    address: Mapped[str] = mapped_column(Text, default="")
    agent: Mapped[str] = mapped_column(Text, default="")
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class SignInAttempt(Base):
    """A failed sign-in, by keyed digests of account and network: what lockout and rate limit count."""

    __tablename__ = "sign_in_attempt"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    network: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    __table_args__ = (Index("sign_in_attempt_account", "account", "at"), Index("sign_in_attempt_network", "network", "at"))


class PostedForm(Base):
    """A form's once-token and where its first posting led: the same form posted twice is one act."""

    __tablename__ = "posted_form"
    token: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    location: Mapped[str] = mapped_column(Text, server_default="", default="")
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

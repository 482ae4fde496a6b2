"""The log's tables. Nothing here is ever updated; only an opening can go, and its going leaves a record of its own."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, LargeBinary, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Key, Moment
from portal.core.ids import new_ref
RESULTS = ("allowed", "denied")


class Record(Base):
    """That something of `kind` happened at `at`, bound by `commitment` (32 bytes) to a plaintext that stands in the opening."""

    __tablename__ = "record"
    __table_args__ = (
        CheckConstraint("length(kind) between 1 and 80", name="kind"),
        CheckConstraint("octet_length(commitment) = 32", name="commitment"),
    )
    ref: Mapped[str] = mapped_column(Text, primary_key=True, default=new_ref)
    at: Mapped[datetime] = mapped_column(Moment)
    kind: Mapped[str] = mapped_column(Text)
    commitment: Mapped[bytes] = mapped_column(LargeBinary)


class Opening(Base):
    """Salt and plaintext behind a commitment: erasable when the law demands it, while the record stays.

    `owner` is the principal whose information was used, `actor` and `organisation` those of who used it and for whom. The
    other columns repeat what the plaintext says, so that lists have an index; verification compares them.
    """

    __tablename__ = "opening"
    __table_args__ = (
        CheckConstraint("result in ('allowed', 'denied')", name="result"),
        Index("opening_owner", "owner", text("at desc"), text("id desc")),
        Index("opening_owner_kind", "owner", "kind", text("at desc"), text("id desc")),
        Index("opening_actor", "actor", "organisation", text("at desc"), text("id desc")),
        Index("opening_owner_denied", "owner", text("at desc"), text("id desc"), postgresql_where=text("result = 'denied'")),
        Index("opening_actor_denied", "actor", "organisation", text("at desc"), text("id desc"),
              postgresql_where=text("result = 'denied'")),
    )  # fmt: skip
    id: Mapped[Key]
    record: Mapped[str] = mapped_column(ForeignKey(Record.ref), unique=True)
    at: Mapped[datetime] = mapped_column(Moment)
    kind: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    owner: Mapped[int | None] = mapped_column(Integer)
    actor: Mapped[int | None] = mapped_column(Integer)
    organisation: Mapped[int | None] = mapped_column(Integer)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    plaintext: Mapped[dict] = mapped_column(JSONB)


class Erasure(Base):
    """That the opening of `record` was erased, and which record (`trace`, kind evidence.erased) says why."""

    __tablename__ = "erasure"
    record: Mapped[str] = mapped_column(ForeignKey(Record.ref), primary_key=True)
    trace: Mapped[str] = mapped_column(ForeignKey(Record.ref), unique=True)


class Unsealed(Base):
    """A record waiting for its place in the log; a trigger queues it, so that the sequencer never scans the records."""

    __tablename__ = "unsealed"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    record: Mapped[str] = mapped_column(ForeignKey(Record.ref), unique=True)


class Leaf(Base):
    """Place `seq` (from 0, without gaps) of a record in the log, and its leaf hash (RFC 6962: SHA-256 over 0x00 and the entry)."""

    __tablename__ = "leaf"
    __table_args__ = (CheckConstraint("seq >= 0", name="seq"),)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    record: Mapped[str] = mapped_column(ForeignKey(Record.ref), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Node(Base):
    """Hash of the complete subtree over leaves `place * 2**level` up to `(place + 1) * 2**level`, level from 1."""

    __tablename__ = "node"
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Checkpoint(Base):
    """The log's signed state at `size` leaves; `note` is the C2SP signed note as it is handed out."""

    __tablename__ = "checkpoint"
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    note: Mapped[str] = mapped_column(Text)

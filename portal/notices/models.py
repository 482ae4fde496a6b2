"""The outbox of mail."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Key, Moment
from portal.core.ids import new_ref


class Mail(Base):
    """One mail to one address. Queued by the app's role, which cannot read it back; read by delivery and the demo's page."""

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("length(recipient) between 3 and 320", name="recipient"),
        Index("mail_waiting", "queued_at", postgresql_where=text("sent_at is null")),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    queued_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    fault: Mapped[str | None] = mapped_column(Text)

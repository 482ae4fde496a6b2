"""What lies in the outbox."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.notices.models import Mail

SHOWN = 50


def outbox(db: Session) -> Sequence[Mail]:
    """The latest mails, newest first (system session: no reader of the web role sees one)."""
    return db.scalars(select(Mail).order_by(Mail.queued_at.desc(), Mail.id.desc()).limit(SHOWN)).all()

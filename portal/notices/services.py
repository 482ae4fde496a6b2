"""Queueing mail and handing it to a mail server."""

from datetime import timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from portal.accounts.events import MailWanted
from portal.core.ids import new_ref
from portal.core.jobs import enqueue
from portal.notices.models import Mail
from portal.notices.smtp import Undelivered, deliver

DELIVER = "notices.deliver"
GIVE_UP_AFTER = timedelta(days=1)  # a later recovery link has long expired, and other news has other ways
KEEP = timedelta(days=30)

# Without RETURNING: the web role may put a mail in and never reads one back.
_QUEUE = text("insert into portal.mail (ref, recipient, subject, body) values (:ref, :recipient, :subject, :body)")


def send_mail(db: Session, to: str, subject: str, text: str) -> None:
    """Queue a mail in this transaction: it goes out if and only if what caused it is committed.

    A line break in the subject is turned into a space: it could otherwise start a header of its own.
    """
    ref = new_ref()
    db.execute(_QUEUE, {"ref": ref, "recipient": to, "subject": " ".join(subject.split()), "body": text})
    enqueue(db, DELIVER, ref=ref)


def mail_wanted(db: Session, event: MailWanted) -> None:
    """Handler of MailWanted."""
    send_mail(db, event.to, event.subject, event.text)


def deliver_one(db: Session, ref: str, *, smtp_url: str, sender: str) -> None:
    """Deliver the waiting mail `ref` (system session); two workers never deliver the same one.

    Raises Undelivered when the server did not take it; the fault is noted first, in this session, for the caller to commit.
    """
    mail = db.scalar(select(Mail).where(Mail.ref == ref, Mail.sent_at.is_(None)).with_for_update(skip_locked=True))
    if mail is None:
        return
    mail.attempts += 1
    try:
        deliver(mail.recipient, mail.subject, mail.body, smtp_url=smtp_url, sender=sender, message_id=mail.ref)
    except Undelivered as error:
        mail.fault = str(error)
        raise
    mail.sent_at, mail.fault = func.now(), None
    # What went out is not kept: it may hold a recovery link or more than the outbox needs to know.
    mail.body = ""


def waiting(db: Session) -> list[str]:
    """Refs of mail that waits and is still worth sending, oldest first (system session)."""
    fresh = Mail.queued_at > func.now() - GIVE_UP_AFTER
    return list(db.scalars(select(Mail.ref).where(Mail.sent_at.is_(None), fresh).order_by(Mail.queued_at).limit(200)))


def forget_old(db: Session) -> int:
    """Delete mail queued more than 30 days ago (system session); returns how many."""
    return db.execute(delete(Mail).where(Mail.queued_at < func.now() - KEEP)).rowcount

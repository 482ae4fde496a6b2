"""Delivery of mail, and what is left of it."""

from portal.core.context import Context
from portal.core.jobs import Job
from portal.notices.services import DELIVER, deliver_one, forget_old, waiting
from portal.notices.smtp import Undelivered


def run_deliver(context: Context, ref: str) -> None:
    """Deliver one mail; without a mail server it stays in the outbox. Raises Undelivered, so that the queue tries again."""
    if not context.settings.smtp_url:
        return
    fault: Undelivered | None = None
    with context.database.system_session() as db:
        try:
            deliver_one(db, ref, smtp_url=context.settings.smtp_url, sender=context.settings.mail_from)
        except Undelivered as error:
            fault = error
    if fault is not None:
        raise fault


def run_waiting(context: Context) -> None:
    """Try again what still waits (the server was down longer than a job tries), and forget what is old."""
    with context.database.system_session() as db:
        forget_old(db)
        refs = waiting(db) if context.settings.smtp_url else []
    for ref in refs:
        try:
            run_deliver(context, ref)
        except Undelivered:
            return  # the server is still away: the next round tries again


JOBS = (Job(DELIVER, run_deliver), Job("notices.waiting", run_waiting, every="*/15 * * * *"))

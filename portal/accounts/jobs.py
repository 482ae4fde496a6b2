"""What sign-in leaves behind is forgotten in time."""

from datetime import timedelta

from sqlalchemy import delete, func
from sqlalchemy.orm import Session

from portal.accounts.models import PostedForm, SignInAttempt, SignInSession
from portal.core.context import Context
from portal.core.jobs import Job

KEEP_ATTEMPTS, KEEP_FORMS, KEEP_SESSIONS = timedelta(days=1), timedelta(days=7), timedelta(days=90)


def purge(db: Session) -> None:
    """Delete counted failures, once-tokens and sessions past their use (system session)."""
    db.execute(delete(SignInAttempt).where(SignInAttempt.at < func.now() - KEEP_ATTEMPTS))
    db.execute(delete(PostedForm).where(PostedForm.at < func.now() - KEEP_FORMS))
    db.execute(delete(SignInSession).where(SignInSession.last_seen_at < func.now() - KEEP_SESSIONS))


def run_purge(context: Context) -> None:
    """Nightly."""
    with context.database.system_session() as db:
        purge(db)


JOBS = (Job("accounts.purge", run_purge, every="23 19 * * *"),)

"""Sign-in sessions: one row per signed-in browser. The cookie holds a token, the table its SHA-256."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, SignInSession
from portal.core.clock import now

SEEN_EVERY = timedelta(minutes=1)


def touch(db: Session, session_id: int, last_seen_at: datetime) -> None:
    """Note that a browser was seen, once a minute at most; parallel requests of one browser do not wait for each other."""
    if now() - last_seen_at < SEEN_EVERY:
        return
    row = select(SignInSession.id).where(SignInSession.id == session_id).with_for_update(skip_locked=True)
    db.execute(update(SignInSession).where(SignInSession.id == row.scalar_subquery()).values(last_seen_at=func.now()))


def token_hash(token: str) -> str:
    """What the table keeps of a browser's token: its SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def start(db: Session, *, person_id: int, membership_id: int | None, address: str, agent: str) -> tuple[SignInSession, str]:
    """A new session and its token (256 random bits); the token exists nowhere else than in the browser's cookie."""
    token = secrets.token_urlsafe(32)
    session = SignInSession(
        token_hash=token_hash(token), person_id=person_id, membership_id=membership_id, address=address[:64], agent=agent[:300]
    )
    db.add(session)
    db.flush()
    return session, token


def usual_membership(db: Session, person_id: int) -> int | None:
    """The membership a person starts with: the one used last that still lives, else the oldest; None without any."""
    used = (
        select(func.max(SignInSession.id)).where(SignInSession.membership_id == Membership.id).correlate(Membership).scalar_subquery()
    )
    return db.scalar(
        select(Membership.id)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
        .order_by(used.desc().nulls_last(), Membership.id)
        .limit(1)
    )


def end_sessions(
    db: Session, person_id: int, *, only: str | None = None, session_id: int | None = None, but: int | None = None
) -> int:
    """Sign browsers of a person out: all, the one with reference `only` or number `session_id`, or all except number `but`.

    Returns how many.
    """
    statement = update(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
    if only is not None:
        statement = statement.where(SignInSession.ref == only)
    if session_id is not None:
        statement = statement.where(SignInSession.id == session_id)
    if but is not None:
        statement = statement.where(SignInSession.id != but)
    return db.execute(statement.values(ended_at=func.now()), execution_options={"synchronize_session": False}).rowcount


def device(agent: str) -> str:
    """What a browser calls itself, in two words a person recognises; the order matters, for browsers name each other."""
    browsers = {"MicroMessenger": "微信", "Edg": "Edge", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
    systems = {
        "HarmonyOS": "鸿蒙", "Android": "安卓手机", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows",
        "Mac OS": "Mac", "Linux": "Linux",
    }  # fmt: skip
    browser = next((name for word, name in browsers.items() if word in agent), "其他浏览器")
    system = next((name for word, name in systems.items() if word in agent), "其他系统")
    return f"{browser} · {system}"

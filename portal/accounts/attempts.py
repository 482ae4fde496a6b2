"""Lockout and rate limit of sign-in and recovery: failures counted by keyed digests of account and network.

What is counted is the pair (account, network) first: whoever guesses locks themselves out, not the owner, who comes from
elsewhere. The table holds no names and no addresses, only digests under the portal's secret.
"""

import hashlib
import hmac
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.orm import Session

from portal.accounts.models import SignInAttempt
from portal.core.clock import now

WINDOW = timedelta(hours=1)  # failures older than this are forgotten


@dataclass(frozen=True)
class Limit:
    """From `failures` within the window on, the next try has to wait `wait` after the last failure."""

    failures: int
    wait: timedelta


LOCKED = Limit(5, timedelta(minutes=15))
PAIR = (Limit(3, timedelta(seconds=5)), Limit(4, timedelta(seconds=20)), LOCKED)
NETWORK = (Limit(50, timedelta(minutes=1)), Limit(200, timedelta(minutes=15)))
ACCOUNT = (Limit(100, timedelta(seconds=30)),)  # guessing from many networks at once: slowed down, never locked
RECOVERY_PAIR = (Limit(3, timedelta(minutes=15)),)


@dataclass(frozen=True)
class Source:
    """Who tries and from where, as digests."""

    account: str
    network: str


@dataclass(frozen=True)
class Standing:
    """Seconds until the next try may be made (0: now), and how many tries are left before the lock."""

    wait: int
    left: int


def source(key: str, purpose: str, account: str, address: str) -> Source:
    """The digests under `key` of an account as typed and of the network an address belongs to (IPv6: its /64)."""
    return Source(_keyed(key, purpose, account.strip().lower()), _keyed(key, "network", _network(address)))


def _network(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)


def _keyed(key: str, purpose: str, value: str) -> str:
    return hmac.new(key.encode(), f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def standing(db: Session, who: Source, *, pair: tuple[Limit, ...] = PAIR) -> Standing:
    """Where `who` stands. Tries of one pair wait for each other, so that a volley counts as what it is."""
    db.execute(text("select pg_advisory_xact_lock(hashtextextended(:pair, 0))"), {"pair": who.account + who.network})
    mine, near = SignInAttempt.account == who.account, SignInAttempt.network == who.network
    columns = [column for cond in (mine & near, near, mine) for column in (func.count().filter(cond), func.max(SignInAttempt.at).filter(cond))]
    row = db.execute(select(*columns).where(or_(mine, near), SignInAttempt.at > func.now() - WINDOW)).one()
    waits = [_wait(limits, row[2 * i], row[2 * i + 1]) for i, limits in enumerate((pair, NETWORK, ACCOUNT))]
    return Standing(wait=max(waits), left=max(0, pair[-1].failures - row[0]))


def _wait(limits: tuple[Limit, ...], failures: int, last: datetime | None) -> int:
    due = [limit.wait for limit in limits if failures >= limit.failures]
    if not due or last is None:
        return 0
    return max(0, math.ceil((last + max(due) - now()).total_seconds()))


def note_failure(db: Session, who: Source) -> None:
    """Count one failure."""
    db.add(SignInAttempt(account=who.account, network=who.network, at=now()))
    db.flush()


def forgive(db: Session, who: Source) -> None:
    """Forget the failures of this account from this network: its owner has signed in."""
    db.execute(delete(SignInAttempt).where(SignInAttempt.account == who.account, SignInAttempt.network == who.network))


def forgive_account(db: Session, account: str) -> None:
    """Forget the failures of this account from everywhere: its owner has proven the mail address."""
    db.execute(delete(SignInAttempt).where(SignInAttempt.account == account))


def spoken(seconds: int) -> str:
    """A wait in words: seconds below a minute and a half, else whole minutes, rounded up."""
    return f"{seconds} 秒" if seconds < 90 else f"{math.ceil(seconds / 60)} 分钟"

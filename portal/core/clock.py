"""The one clock: aware UTC instants inside, Asia/Shanghai for people."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The calendar date in China."""
    return now().astimezone(CHINA).date()


def local(moment: datetime) -> datetime:
    """`moment` as a Chinese reader's clock shows it."""
    return moment.astimezone(CHINA)


# "No end" as a moment that drivers can hold (PostgreSQL's infinity has no datetime).
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
NEVER_SQL = "'9999-12-31 00:00:00+00'"

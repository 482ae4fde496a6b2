"""Reports and filings. The figures and words of a report are rows of the one `fact` table, carried by the report."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import Person
from portal.core.db import Base, Key, Moment, quoted
from portal.core.ids import new_ref
from portal.enterprises.models import Enterprise


class Kind(StrEnum):
    """Kinds of periodic report that can be written here."""

    ANNUAL = "annual"


class State(StrEnum):
    """Where a report stands: a checked one has passed the whole validation as it is now; a filed one never changes again."""

    DRAFT = "draft"
    CHECKED = "checked"
    FILED = "filed"
    SUPERSEDED = "superseded"


class Check(StrEnum):
    """Where the validation of a report stands: never asked for, waiting for a worker, or done for `checked_version`."""

    NONE = "none"
    QUEUED = "queued"
    DONE = "done"


class FilingState(StrEnum):
    """Whether a filing is the one in force."""

    FILED = "filed"
    SUPERSEDED = "superseded"


class PeriodicReport(Base):
    """One report of an enterprise for one period; `corrects` is the filed report that this one will take the place of.

    `version` rises with each save, and every fact written by that save carries it: what a report said at any version is the
    newest fact of each cell up to it. `problems` holds the findings of the check of `checked_version`, `files` what that
    check made: form -> {"key", "sha256", "size"}; the storage keys stand nowhere else.
    """

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint(f"kind in ({quoted(Kind)})", name="kind"),
        CheckConstraint("year between 2000 and 2100", name="year"),
        CheckConstraint(f"state in ({quoted(State)})", name="state"),
        CheckConstraint(f"check_state in ({quoted(Check)})", name="check_state"),
        CheckConstraint("state = 'draft' or (checked_version = version and files is not null)", name="checked"),
        CheckConstraint("(state in ('filed', 'superseded')) = (filed_at is not null)", name="filed"),
        Index("report_open", "enterprise_id", "kind", "year", unique=True, postgresql_where=text("state in ('draft', 'checked')")),
        Index("report_in_force", "enterprise_id", "kind", "year", unique=True, postgresql_where=text("state = 'filed'")),
        Index("report_owner", "owner", "year"),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey(Enterprise.id))
    owner: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text, default=Kind.ANNUAL.value)
    year: Mapped[int] = mapped_column(SmallInteger)
    corrects: Mapped[int | None] = mapped_column(ForeignKey("portal.report.id"))
    state: Mapped[str] = mapped_column(Text, server_default=text("'draft'"), default=State.DRAFT.value)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"), default=1)
    check_state: Mapped[str] = mapped_column(Text, server_default=text("'none'"), default=Check.NONE.value)
    check_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    checked_version: Mapped[int | None] = mapped_column(Integer)
    checked_at: Mapped[datetime | None] = mapped_column(Moment)
    problems: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"), default=list)
    files: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    filed_at: Mapped[datetime | None] = mapped_column(Moment)
    made_by: Mapped[int] = mapped_column(ForeignKey(Person.id))
    made_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Filing(Base):
    """That a report was filed: what the operator and the authorities may know of it. Metadata only, never content.

    `name` and `uscc` are the enterprise's at the time of filing; `sha256` (hex) and `size` (octets) are those of the `.xbri`
    package, `facts` the number of its facts, `validator` what found it valid.
    """

    __tablename__ = "filing"
    __table_args__ = (
        CheckConstraint(f"kind in ({quoted(Kind)})", name="kind"),
        CheckConstraint(f"state in ({quoted(FilingState)})", name="state"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("size > 0 and facts > 0", name="extent"),
        Index("filing_newest", text("filed_at desc"), text("id desc")),
        Index("filing_owner", "owner", "filed_at"),
    )
    id: Mapped[Key]
    ref: Mapped[str] = mapped_column(Text, unique=True, default=new_ref)
    report_id: Mapped[int] = mapped_column(ForeignKey(PeriodicReport.id), unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey(Enterprise.id))
    owner: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text)
    uscc: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    year: Mapped[int] = mapped_column(SmallInteger)
    filed_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    filed_by: Mapped[int] = mapped_column(ForeignKey(Person.id))
    sha256: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[int] = mapped_column(Integer)
    validator: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default=text("'filed'"), default=FilingState.FILED.value)

"""What the search index still has to learn: enterprises changed since it last saw them."""

from datetime import datetime

from sqlalchemy import BigInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Moment


class SearchDirty(Base):
    """An enterprise whose index document is stale: written in the changing transaction, removed once the index knows."""

    __tablename__ = "search_dirty"
    enterprise_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

"""Sessions that carry a reader's principals into PostgreSQL's row-level security.

`portal.principals` is local to the transaction and set in `after_begin`: set once per request it would be gone after a
commit in the middle, and every policy would then answer with no rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, Connection, Engine, Identity, MetaData, create_engine, event, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

SCHEMA = "portal"
SEARCH_PATH = "portal,procrastinate,public"

NAMING = {
    "pk": "%(table_name)s_pkey",
    "ix": "%(table_name)s_%(column_0_N_name)s_ix",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}


class Base(DeclarativeBase):
    """Every table stands in the schema `portal`; names of constraints follow one convention."""

    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)


Moment = TIMESTAMP(timezone=True)
Key = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]


def quoted(words: type[StrEnum]) -> str:
    """The words of an enum as a CHECK lists them."""
    return ", ".join(f"'{word}'" for word in words)


def make_engine(url: str, *, pool_size: int = 8, **options: Any) -> Engine:
    """An engine whose connections see the portal's schema first and count time in UTC."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        connect_args={"options": f"-c search_path={SEARCH_PATH} -c timezone=UTC", "connect_timeout": 5},
        **options,
    )


def set_principals(db: Session, principals: tuple[int, ...]) -> None:
    """Bind `db` to a reader: in force at once and again at the start of each transaction of this session."""
    db.info["principals"] = principals
    if db.in_transaction():
        _announce(db.connection(), principals)


def _announce(connection: Connection, principals: tuple[int, ...]) -> None:
    value = "{" + ",".join(map(str, principals)) + "}"
    connection.execute(text("select set_config('portal.principals', :value, true)"), {"value": value})


class PortalSession(Session):
    """A session that belongs to one reader."""


@event.listens_for(PortalSession, "after_begin")
def _after_begin(session: Session, _transaction: Any, connection: Connection) -> None:
    # An unset setting means no principals already.
    if session.info.get("principals"):
        _announce(connection, session.info["principals"])


@dataclass(frozen=True)
class Database:
    """The two ways into the database: `app` under every policy, `system` under its named ones (index, seal, retention)."""

    app: Engine
    system: Engine

    def session(self, principals: tuple[int, ...] = ()) -> Session:
        """A session of the app's role for a reader with these principals; without any it reads nothing behind a policy."""
        return PortalSession(self.app, info={"principals": principals}, expire_on_commit=False)

    @contextmanager
    def system_session(self) -> Iterator[Session]:
        """A session of `portal_system`, committed at the end of the block."""
        with PortalSession(self.system, info={"system": True}, expire_on_commit=False) as db:
            yield db
            db.commit()

    def dispose(self) -> None:
        self.app.dispose()
        self.system.dispose()


class UnsafeRole(Exception):
    """The app's database role could bypass row-level security; the start is refused."""


def check_app_role(engine: Engine) -> None:
    """Refuse to start as superuser, BYPASSRLS or owner of the schema: the second wall would not stand.

    Raises UnsafeRole naming the role and what to do.
    """
    with engine.connect() as connection:
        name, unsafe = connection.execute(
            text(
                "select current_user, exists (select from pg_roles r where r.rolname = current_user"
                " and (r.rolsuper or r.rolbypassrls)) or exists (select from pg_namespace n join pg_roles r on r.oid = n.nspowner"
                " where n.nspname = 'portal' and pg_has_role(current_user, r.oid, 'member'))"
            )
        ).one()
    if unsafe:
        raise UnsafeRole(
            f"数据库角色 {name} 能绕过行级安全（超级用户、BYPASSRLS 或模式属主），网站不启动。"
            "先运行 portal migrate --roles 建好角色，再让 DATABASE_URL 用 portal_app 登录。"
        )

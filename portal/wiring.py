"""The one file that knows every feature: blueprints, events, panels, jobs, navigation."""

from flask import Flask
from sqlalchemy import text

from portal.config import Settings
from portal.core.db import Database, check_app_role
from portal.web.edge import Edge
from portal.web.factory import base_app
from portal.web.guards import assert_every_view_declares_access


def create_app(settings: Settings, database: Database) -> Flask:
    """The whole portal over `database`.

    Raises UndeclaredAccess when a view declares no access, UnsafeRole when the app's role could bypass the policies.
    """
    check_app_role(database.app)
    edge = Edge(settings=settings, database=database)
    app = base_app(settings, edge)
    edge.ready["database"] = lambda: _database_ready(database)
    assert_every_view_declares_access(app)
    return app


def _database_ready(database: Database) -> str:
    with database.app.connect() as connection:
        connection.execute(text("select 1"))
    return "ok"

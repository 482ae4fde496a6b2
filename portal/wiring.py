"""The one file that knows every feature: blueprints, events and their handlers, panels, jobs, navigation."""

from dataclasses import replace

from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.access.principals import OrgKind
from portal.accounts import jobs as accounts_jobs
from portal.accounts.events import MailWanted
from portal.accounts.security import init_accounts
from portal.core.context import Context
from portal.core.db import check_app_role
from portal.core.events import registry
from portal.disclosures import jobs as disclosures_jobs
from portal.disclosures import naming as disclosures_naming
from portal.disclosures import panels as disclosures_panels
from portal.disclosures import views as disclosures
from portal.enterprises import naming as enterprises_naming
from portal.enterprises import views as enterprises
from portal.enterprises import views_hiding as hiding
from portal.enterprises.events import EnterprisesChanged
from portal.enterprises.models import Enterprise
from portal.enterprises.panels import PAGE
from portal.evidence import jobs as evidence_jobs
from portal.evidence import naming
from portal.evidence import views as evidence
from portal.evidence.queries import latest_checkpoint
from portal.evidence.services import record_denial
from portal.financing import naming as financing_naming
from portal.financing import panels as financing_panels
from portal.financing import views as financing
from portal.grants import jobs as grants_jobs
from portal.notices import jobs as notices_jobs
from portal.notices.services import mail_wanted
from portal.notices.views import init_notices
from portal.oversight import panels as oversight_panels
from portal.oversight import views as oversight
from portal.reports import jobs as reports_jobs
from portal.reports import naming as reports_naming
from portal.reports import panels as reports_panels
from portal.reports import views as reports
from portal.roadshows import naming as roadshows_naming
from portal.roadshows import panels as roadshows_panels
from portal.roadshows import views as roadshows
from portal.screening import jobs as screening_jobs
from portal.screening import views as screening
from portal.screening.engine import make_engine
from portal.screening.services import note_changed
from portal.web.edge import Edge
from portal.web.factory import base_app
from portal.web.guards import assert_every_view_declares_access
from portal.web.development import init_development
from portal.web.navigation import Item, Link, navigation
from portal.workspaces import views as workspaces
from portal.workspaces.panels import HOME

JOBS = (
    *accounts_jobs.JOBS, *evidence_jobs.JOBS, *grants_jobs.JOBS, *notices_jobs.JOBS, *disclosures_jobs.JOBS, *reports_jobs.JOBS, *screening_jobs.JOBS,
)  # fmt: skip

_ENTERPRISE = frozenset({OrgKind.ENTERPRISE})
NAVIGATION = (
    Item("首页", "home.index", Action.ACCOUNT_USE),
    Item("企业", "screening.index", Action.BOARD_BROWSE, section="screening."),
    Item("企业资料", "enterprises.mine", Action.ENTERPRISE_EDIT, section="enterprises.", only=_ENTERPRISE),
    Item("披露", "disclosures.index", Action.DISCLOSURE_READ, section="disclosures."),
    Item("报告", "reports.index", Action.REPORT_WRITE, section="reports."),
    Item("路演", "roadshows.index", Action.ROADSHOW_READ, section="roadshows."),
    Item("信贷产品", "financing.products", Action.PRODUCT_READ),
    Item("申请", "financing.applications", Action.APPLICATION_READ),
    Item("运营", "oversight.operator", Action.OPERATE),
    Item("报送情况", "oversight.index", Action.FILING_OVERSEE),
    Item("机构", "accounts.organisations", Action.OPERATE),
    Item("存证", "evidence.index", Action.EVIDENCE_READ, section="evidence."),
)


FOOTER = (Link("检查点", "/evidence/checkpoint"), Link("核验公钥", "/evidence/checkpoint.pub"))


def account_links(actor: Actor) -> list[Link]:
    """The account menu of somebody signed in."""
    links = [Link("账户与登录", "/account"), Link("修改密码", "/account/password")]
    return links if actor.memberships < 2 else [Link("换一个机构身份", "/account"), *links]


# The list of enterprises comes last: its addresses are the widest.
FEATURES = (workspaces, evidence, enterprises, hiding, disclosures, reports, roadshows, financing, oversight, screening)


def connect_events() -> None:
    """Which feature hears what; safe to call again."""
    registry.connect(EnterprisesChanged, _enterprises_changed)
    registry.connect(MailWanted, mail_wanted)


def name_things() -> None:
    """What the log may call the refs it knows; each feature answers for what the reader may read."""
    naming.connect("disclosure", disclosures_naming.names)
    naming.connect("disclosure.document", disclosures_naming.documents)
    for thing in ("section", "enterprise.section"):
        naming.connect(thing, enterprises_naming.sections)
    naming.connect("product", financing_naming.products)
    naming.connect("application", financing_naming.applications)
    naming.connect("report", reports_naming.names)
    naming.connect("filing", reports_naming.filings)
    naming.connect("roadshow", roadshows_naming.names)


def place_panels() -> None:
    """What higher features show on lower pages, in the order they shall stand; safe to call again."""
    for home in (
        financing_panels.waiting_applications, disclosures_panels.home_panel, oversight_panels.home_panel,
        roadshows_panels.coming_roadshows, reports_panels.home_panel,
    ):  # fmt: skip
        HOME.register(home)
    for page in (reports_panels.panel, disclosures_panels.panel, roadshows_panels.recent_roadshows):
        PAGE.register(page)


def _enterprises_changed(db: Session, event: EnterprisesChanged) -> None:
    note_changed(db, event.ids or ())


def equip(context: Context) -> None:
    """Give a process what jobs and pages need: the search engine and the connected events."""
    context.parts.setdefault("search", make_engine(context.settings))
    connect_events()


def create_app(context: Context) -> Flask:
    """The whole portal.

    Raises UndeclaredAccess when a view declares no access, UnsafeRole when the app's role could bypass the policies.
    """
    database = context.database
    check_app_role(database.app)
    edge = Edge(
        settings=context.settings, database=database, record_denial=record_denial, navigation=navigation(NAVIGATION),
        account_links=account_links, footer_links=FOOTER, checkpoint=latest_checkpoint, store=context.store, search=context.parts["search"],
    )  # fmt: skip
    app = base_app(context.settings, edge)
    init_accounts(app, context.settings, enrich=with_enterprise)
    init_notices(app, context.settings)
    init_development(app, context.settings)
    for feature in FEATURES:
        app.register_blueprint(feature.bp)
    place_panels()
    name_things()
    edge.ready |= {
        "database": lambda: _database_ready(context),
        "search": lambda: _search_ready(context),
        "jobs": lambda: _jobs_ready(context),
        "files": context.store.check,
    }
    assert_every_view_declares_access(app)
    return app


def with_enterprise(db: Session, actor: Actor) -> Actor:
    """The actor with the enterprise its organisation stands for."""
    found = db.scalar(select(Enterprise.id).where(Enterprise.organisation_id == actor.organisation_id))
    return replace(actor, enterprise_id=found)


def _database_ready(context: Context) -> str:
    with context.database.app.connect() as connection:
        connection.execute(text("select 1"))
    return "ok"


def _search_ready(context: Context) -> str:
    health = context.parts["search"].health()
    return "ok" if health.ok else health.problem


def _jobs_ready(context: Context) -> str:
    """Whether a worker lives, and how long the oldest job has waited."""
    with context.database.app.connect() as connection:
        alive, waiting = connection.execute(
            text(
                "select (select count(*) from procrastinate.procrastinate_workers where last_heartbeat > now() - interval '1 minute'),"
                " (select count(*) from procrastinate.procrastinate_jobs where status = 'todo'"
                " and coalesce(scheduled_at, now()) < now() - interval '2 minutes')"
            )
        ).one()
    if not alive:
        return "no worker"
    return "ok" if not waiting else f"behind: {waiting} jobs wait"

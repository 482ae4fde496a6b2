"""The outbox page, which only the demo has: there, mail does not leave the machine."""

from flask import Blueprint, Flask, render_template

from portal.config import Settings
from portal.notices.queries import outbox
from portal.web.edge import edge
from portal.web.guards import public


@public
def show_outbox() -> str:
    """All mail of the demo; without a sign-in, because a recovery link is needed before one."""
    with edge().database.system_session() as db:
        mails = outbox(db)
    return render_template("notices/outbox.html", mails=mails, smtp=edge().settings.smtp_url is not None)


def init_notices(app: Flask, settings: Settings) -> None:
    """Serve `/outbox` in the demo and nowhere else."""
    if not settings.portal_demo:
        return
    bp = Blueprint("notices", __name__)
    bp.add_url_rule("/outbox", "outbox", show_outbox)
    app.register_blueprint(bp)

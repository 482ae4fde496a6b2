"""`/development/components`: every component in every state; only the demo has it."""

from flask import Flask, render_template

from portal.config import Settings
from portal.web.guards import public


@public
def components() -> str:
    """The page that shows what pages are made of."""
    return render_template("development/components.html")


def init_development(app: Flask, settings: Settings) -> None:
    """Serve the component page in the demo and nowhere else."""
    if settings.portal_demo:
        app.add_url_rule("/development/components", "development.components", components)

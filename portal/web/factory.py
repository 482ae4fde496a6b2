"""Builds the Flask application without any feature; `portal/wiring.py` adds the features."""

from flask import Flask
from flask_babel import Babel, get_locale
from flask_wtf.csrf import CSRFProtect, generate_csrf
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.config import STATIC, TEMPLATES, Settings
from portal.core.clock import today
from portal.web import assets, edge, errors, format, headers, health, logs, texts
from portal.web.edge import Edge, current_actor, current_db

MAX_UPLOAD = 20 * 1024 * 1024


def base_app(settings: Settings, edge_: Edge) -> Flask:
    """An application with session, CSRF, headers, errors, logs and health, and no page of any feature."""
    app = Flask("portal", template_folder=str(TEMPLATES), static_folder=str(STATIC), static_url_path="/static")
    app.config.update(
        SECRET_KEY=settings.portal_secret_key,
        MAX_CONTENT_LENGTH=MAX_UPLOAD + 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_NAME="portal",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BABEL_TRANSLATION_DIRECTORIES=str(TEMPLATES.parent / "portal" / "translations"),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    if settings.portal_trusted_proxies:
        n = settings.portal_trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    Babel(app)
    texts.init_texts(app)
    logs.init_logs(app)
    edge.init_edge(app, edge_)
    CSRFProtect(app)
    headers.init_headers(app, secure=settings.secure_cookies)
    health.init_health(app)
    assets.init_assets(app)
    errors.init_errors(app)
    format.init_format(app)
    _context(app, settings, edge_)
    return app


def _context(app: Flask, settings: Settings, edge_: Edge) -> None:
    @app.context_processor
    def common() -> dict[str, object]:
        """What every layout needs; on an error page nothing here may touch a broken database again."""
        actor = current_actor()
        return {
            "actor": actor,
            "nav_items": edge_.navigation(actor),
            "checkpoint": edge_.checkpoint(current_db()),
            "operator_name": settings.portal_operator_name,
            "short_name": settings.portal_short_name,
            "board_name": settings.portal_board_name,
            "demo": settings.portal_demo,
            "account_links": edge_.account_links(actor),
            "footer_links": edge_.footer_links,
            "csrf_token": generate_csrf,
            "today": today(),
            "locale": str(get_locale() or "zh_Hans_CN"),
        }

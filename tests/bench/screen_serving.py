"""What granian serves in the `screen` bench: the real portal, and beside it the floor of each page it has shown.

The floor of a page is the least this machine could do for the same bytes: the same template with the values of a real
request kept in memory, at a public address of the same application; no reader, no database, no engine. What the template
calls (places, marks, addresses) answers from memory too. A page is kept when it is asked with `X-Bench-Keep`. Each answer says
in `X-Bench` how many SQL statements it took, and the server's milliseconds by the clock and of computing.
"""

import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

from flask import Flask, abort, g, request, template_rendered
from jinja2 import Template
from sqlalchemy import event

from portal.config import Settings
from portal.core.connect import Urls
from portal.core.context import Context
from portal.web.guards import public
from portal.web.logs import configure_logs
from portal.wiring import create_app, equip

FLOOR = "/bench/floor"
PAGE = "/enterprises"
NO_TOKEN = "-" * 91  # as long as a form token
Shown = dict[str, tuple[Template, dict[str, Any]]]
statements: ContextVar[list[int]] = ContextVar("statements")


def application() -> Callable[..., Iterable[bytes]]:
    """The portal of the environment's settings with the floor mounted beside it."""
    configure_logs()
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    urls = Urls(settings.database_url or "", settings.database_system_url or "", None)
    context = Context(settings=settings, urls=urls, database=urls.database())
    equip(context)
    portal = create_app(context)
    event.listen(context.database.app, "before_cursor_execute", _count)
    _serve_floor(portal, _remember(portal))
    return _measured(portal.wsgi_app)


def _count(*_cursor: Any) -> None:
    counter = statements.get(None)
    if counter is not None:
        counter[0] += 1


def _measured(served: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """`served`, saying of each answer how many statements, milliseconds and milliseconds of computing it took."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        counter, begun, busy = [0], time.perf_counter(), time.thread_time()
        statements.set(counter)

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            took = (time.perf_counter() - begun) * 1e3
            return start_response(status, [*headers, ("X-Bench", f"{counter[0]} {took:.3f} {(time.thread_time() - busy) * 1e3:.3f}")], *more)

        return served(environ, started)

    return call


def _remember(portal: Flask) -> Shown:
    """Template and values of pages asked to be kept, by query string."""
    shown: Shown = {}
    asset = portal.jinja_env.globals["asset"]

    def keep(_sender: Flask, template: Template, context: dict[str, Any], **_more: Any) -> None:
        asked = request.query_string.decode()
        if request.path == PAGE and "X-Bench-Keep" in request.headers:
            values = {name: _once(value) if callable(value) else value for name, value in context.items()}
            values["asset"] = _once(asset)  # type: ignore[arg-type]
            template.render(values)  # so that every function has been asked all that the page asks
            shown[asked] = template, values

    template_rendered.connect(keep, portal, weak=False)
    return shown


def _once(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, answering from memory what it has been asked before."""
    known: dict[tuple[Any, ...], Any] = {}

    def answer(*arguments: Any) -> Any:
        if arguments not in known:
            known[arguments] = function(*arguments)
        return known[arguments]

    return answer


def _serve_floor(portal: Flask, shown: Shown) -> None:
    """The public address of the floor, inside the portal: same server, same headers and log line, nothing else."""

    @portal.get(FLOOR)
    @public
    def floor() -> str:
        known = shown.get(request.query_string.decode())
        if known is None:
            abort(404)
        template, values = known
        g.csrf_token = NO_TOKEN
        return template.render(values)


app = application()

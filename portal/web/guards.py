"""Declared access: each view says `@public` or `@requires(Action.X)`, and the start is refused where one does not."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.core.errors import NotAllowed
from portal.web.edge import current_actor

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"


class UndeclaredAccess(RuntimeError):
    """Views without declared access; the start is refused."""


def public(view: View) -> View:
    """Anybody may call this view; it must show nothing that depends on who asks beyond its own session."""
    view.__access__ = PUBLIC  # type: ignore[attr-defined]
    return view


def requires(action: Action) -> Callable[[View], View]:
    """Only actors to whom the role table opens `action` may call this view; others sign in or are refused."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            refusal = refuse(action)
            return refusal if refusal is not None else view(*args, **kwargs)

        guarded.__access__ = action  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def refuse(action: Action) -> Response | None:
    """The redirect to the sign-in page for nobody, NotAllowed for somebody without the right, None for who may go on."""
    actor = current_actor()
    if actor.is_anonymous:
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("security.login", next=back))
    if not actor.may(action):
        raise NotAllowed("你现在的身份不能做这件事。换一个机构身份，或回到首页。")
    return None


def declare(app: Flask, endpoints: dict[str, Action | str]) -> None:
    """Declare the access of views made by a library: an exact list, each name must exist.

    Raises UndeclaredAccess for a name the library does not serve.
    """
    for endpoint, access in endpoints.items():
        view = app.view_functions.get(endpoint)
        if view is None:
            raise UndeclaredAccess(f"declared but not served: {endpoint}")
        marked = public(_own(view)) if access == PUBLIC else requires(Action(access))(view)
        app.view_functions[endpoint] = marked


def _own(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def call(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return call


def assert_every_view_declares_access(app: Flask) -> None:
    """Raise UndeclaredAccess naming every view that says neither `@public` nor `@requires`."""
    bad = sorted(
        {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if rule.endpoint != "static" and not getattr(app.view_functions[rule.endpoint], "__access__", None)
        }
    )
    if bad:
        raise UndeclaredAccess("views with no declared access: " + ", ".join(bad))

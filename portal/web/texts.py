"""Texts of the interface through gettext, Chinese first: the messages themselves are Chinese, a catalogue may replace them.

Flask-Babel works out the translations anew for each of some two hundred texts of a page; one locale needs that once.
"""

from functools import lru_cache

from babel.support import NullTranslations, Translations
from flask import Flask
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup


def init_texts(app: Flask) -> None:
    """Give templates `_()` and `ngettext()` over the catalogue of the default locale, each message looked up once."""
    folder, locale = app.config["BABEL_TRANSLATION_DIRECTORIES"], app.config["BABEL_DEFAULT_LOCALE"]
    found: NullTranslations = Translations.load(folder, [locale])
    translated = lru_cache(maxsize=8192)(found.gettext)

    @lru_cache(maxsize=8192)
    def markup(message: str) -> Markup:
        return Markup(translated(message) % {})

    @pass_eval_context
    def gettext(context: EvalContext, message: str, **values: object) -> str:
        """A message in the page's own language; `%(name)s` takes a value, escaped where the template escapes."""
        if context.autoescape:
            return Markup(translated(message)) % values if values else markup(message)
        return translated(message) % values

    app.jinja_env.install_gettext_callables(translated, found.ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(_=gettext, gettext=gettext)

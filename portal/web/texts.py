"""Texts of the interface through gettext, Chinese first: the messages themselves are Chinese, a catalogue may replace them.

Flask-Babel works out the translations anew for each of some two hundred texts of a page; one locale needs that once.
"""

from functools import lru_cache

from babel.support import NullTranslations, Translations
from flask import Flask


def init_texts(app: Flask) -> None:
    """Give templates `_()` and `ngettext()` over the catalogue of the default locale, each message looked up once."""
    folder, locale = app.config["BABEL_TRANSLATION_DIRECTORIES"], app.config["BABEL_DEFAULT_LOCALE"]
    found: NullTranslations = Translations.load(folder, [locale])
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lru_cache(maxsize=8192)(found.gettext), found.ngettext, newstyle=True
    )

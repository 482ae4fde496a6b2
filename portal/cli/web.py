"""Builds the WSGI application of this process; the embedded server, where there is one, stays up as long as the process."""

import atexit
from contextlib import ExitStack

from flask import Flask

from portal.cli.process import process
from portal.config import load_settings
from portal.web.logs import configure_logs
from portal.wiring import create_app, equip


def application() -> Flask:
    """The portal over the database of the settings."""
    configure_logs()
    stack = ExitStack()
    atexit.register(stack.close)
    context = stack.enter_context(process(load_settings()))
    equip(context)
    return create_app(context)

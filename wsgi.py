"""The WSGI application for any server: `wsgi:app`. Settings come from the environment and `var/portal.env`."""

from portal.cli.web import application

app = application()

"""One mail to one SMTP server (RFC 5321), encrypted whenever the server can."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from portal.config import MissingSetting

TIMEOUT = 20


class Undelivered(Exception):
    """The server did not take the mail; the text says why and holds no content of it."""


def deliver(to: str, subject: str, text: str, *, smtp_url: str, sender: str, message_id: str) -> None:
    """Hand a plain-text mail to the server of `smtp_url` (`smtp://user:password@host:587` or `smtps://…:465`).

    A user name is only ever sent over TLS. Raises Undelivered, and MissingSetting for an address that is none.
    """
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"], message["Message-ID"] = formatdate(), f"<{message_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    message.set_content(text, cte="base64")  # a relay without 8BITMIME must not garble Chinese
    url = urlsplit(smtp_url)
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        raise MissingSetting("SMTP_URL 要写成 smtp://用户:密码@主机:端口 或 smtps://…。")
    try:
        with _connect(url.scheme, url.hostname, url.port) as server:
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        code = getattr(error, "smtp_code", "")
        raise Undelivered(f"{type(error).__name__} {code}".strip()) from error


def _connect(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT, context=context)
    server = smtplib.SMTP(host, port or 25, timeout=TIMEOUT)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=context)
        server.ehlo()
    elif server.has_extn("auth"):
        # Without TLS the password would cross the network in the clear: smtplib then finds no way to log in.
        server.esmtp_features.pop("auth")
    return server

# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends one notice by Apprise or e-mail, or only sees whether it could, in a process of its own (see `net.child`).

Why a process: Apprise takes 40 MB, which a thread would leave in `run` for ever; and neither Apprise nor smtplib
can be told to end by a certain time (a server that drips a byte a second keeps both alive), while a process can be
killed.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

from bouncestream.errors import FailureKind
from bouncestream.net.failure import authorities, failure_of

#: Seconds for one answer of a server.
ANSWER = 20.0


def send(job: dict[str, Any]) -> dict[str, Any]:
    """Do the job: whether the notice was sent (`sent`), and if not, `why`."""
    try:
        sent, why = {"apprise": by_apprise, "email": by_email}[job["by"]](job)
    except Exception as error:  # of a plugin of Apprise, say
        sent, why = False, f"{type(error).__name__}: {error}"
    return {"sent": sent, "why": why}


def by_apprise(job: dict[str, Any]) -> tuple[bool, str]:
    """Hand the notice to Apprise; its own log is why it failed."""
    import logging
    import os

    import apprise

    if store := authorities():  # Apprise has certificates of its own, which know no authority of this machine
        os.environ.setdefault("REQUESTS_CA_BUNDLE", store)
    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("apprise").addHandler(handler)
    # Nothing is kept on the disk: under systemd there may be no home.
    asset = apprise.AppriseAsset(
        app_id="bouncestream",
        app_desc="bouncestream",
        app_url="",
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    messenger = apprise.Apprise(asset=asset)
    if not messenger.add(job["url"]):
        return False, f"Apprise cannot use the URL: {_joined(said) or 'see its documentation'}"
    if job.get("look"):
        return True, ""
    sent = messenger.notify(
        title=job["title"], body=job["body"], notify_type=job["type"], body_format=apprise.NotifyFormat.TEXT
    )
    return (True, "") if sent else (False, _joined(said) or "Apprise could not send it")


def _joined(said: list[str]) -> str:
    return "; ".join(said)[:500]


def by_email(job: dict[str, Any]) -> tuple[bool, str]:
    """Hand the notice to an SMTP server (RFC 5321; STARTTLS RFC 3207, implicit TLS RFC 8314)."""
    try:
        return True, _mailed(job)  # whom it did not reach
    except smtplib.SMTPAuthenticationError as error:
        return False, f"the server rejects the user or password: {_reply(error.smtp_code, error.smtp_error)}"
    except smtplib.SMTPNotSupportedError as error:
        fix = 'set tls to "implicit" or "none"' if job["tls"] == "starttls" else "remove user"
        return False, f"the server does not support it ({error}): {fix}"
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return False, f"the server rejects every recipient: {_reply(code, text)}"
    except smtplib.SMTPResponseException as error:
        return False, f"the server answers {_reply(error.smtp_code, error.smtp_error)}"
    except smtplib.SMTPServerDisconnected:
        return False, "the server closed the connection: is this the right port for this kind of TLS?"
    except OSError as error:
        found = failure_of(error)
        port = "; is this the right port for this kind of TLS?" if found.kind is FailureKind.TLS else ""
        return False, found.words + port


def _mailed(job: dict[str, Any]) -> str:
    host, port = job["host"], job["port"]
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if job["tls"] == "implicit":
        smtp = smtplib.SMTP_SSL(host, port, timeout=ANSWER, context=context)
    else:
        smtp = smtplib.SMTP(host, port, timeout=ANSWER)
    with smtp:
        if job["tls"] == "starttls":
            smtp.starttls(context=context)
        if job["user"]:
            smtp.login(job["user"], job["password"])
        if job.get("look"):
            return ""
        refused = smtp.send_message(_message(job), job["sender"], job["recipients"])
    if not refused:
        return ""
    address, (code, text) = next(iter(refused.items()))
    number = f"{len(refused)} of {len(job['recipients'])} recipients"
    return f"the server rejects {number}: {address}: {_reply(code, text)}"


def _message(job: dict[str, Any]) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = job["title"]
    message["From"] = job["sender"]
    message["To"] = ", ".join(job["recipients"])
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=job["sender"].rpartition("@")[2])
    # RFC 3834: nobody shall answer it, and our own mail reader shall not take it for anything else.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(job["body"])
    return message


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(words.split())}"[:300]

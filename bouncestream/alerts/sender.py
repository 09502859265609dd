# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends one notice by Apprise or by e-mail, in a process of its own: `python -m bouncestream.alerts.sender`.

Why a process: Apprise takes 40 MB, which a thread would leave in `run` for ever; and neither Apprise nor smtplib
can be told to end by a certain time (a server that drips a byte a second keeps both alive), while a process can be
killed. The job comes as JSON on standard input, so that no secret is seen in the list of processes; one object,
{"sent": …, "why": …}, goes out. It imports nothing of the bridge.
"""

from __future__ import annotations

import json
import signal
import smtplib
import socket
import ssl
import sys
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

#: Seconds for one answer of a server, and for the whole errand; whoever started it waits a little longer.
ANSWER, WHOLE = 20.0, 50


def main() -> None:
    """Do the errand on standard input."""
    signal.alarm(WHOLE)  # should whoever started it be gone
    job = json.load(sys.stdin)
    send = {"apprise": by_apprise, "email": by_email}[job["by"]]
    try:
        sent, why = send(job)
    except Exception as error:  # of a plugin of Apprise, say
        sent, why = False, f"{type(error).__name__}: {error}"
    json.dump({"sent": sent, "why": why}, sys.stdout)


def by_apprise(job: dict[str, Any]) -> tuple[bool, str]:
    """Hand the notice to Apprise; its own log is why it failed."""
    import logging

    import apprise

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
        return False, f"Apprise does not understand the URL: {_joined(said) or 'see its documentation'}"
    sent = messenger.notify(
        title=job["title"], body=job["body"], notify_type=job["type"], body_format=apprise.NotifyFormat.TEXT
    )
    return (True, "") if sent else (False, _joined(said) or "Apprise could not send it")


def _joined(said: list[str]) -> str:
    return "; ".join(said)[:500]


def by_email(job: dict[str, Any]) -> tuple[bool, str]:
    """Hand the notice to an SMTP server (RFC 5321; STARTTLS RFC 3207, implicit TLS RFC 8314)."""
    try:
        return True, _mailed(job)
    except smtplib.SMTPAuthenticationError as error:
        return False, f"the server refuses user or password: {_reply(error.smtp_code, error.smtp_error)}"
    except smtplib.SMTPNotSupportedError as error:
        fix = 'set tls to "implicit" or "none"' if job["tls"] == "starttls" else "leave user away"
        return False, f"the server cannot do it ({error}): {fix}"
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return False, f"the server refuses every recipient: {_reply(code, text)}"
    except smtplib.SMTPResponseException as error:
        return False, f"the server answers {_reply(error.smtp_code, error.smtp_error)}"
    except smtplib.SMTPServerDisconnected:
        return False, "the server closed the connection: is it the right port for this kind of TLS?"
    except ssl.SSLCertVerificationError as error:
        return False, f"the server's certificate is not good: {error.verify_message}"
    except ssl.SSLError as error:
        return False, f"TLS fails: {error.reason or error}; is it the right port for this kind of TLS?"
    except socket.gaierror as error:
        return False, f"the server's name is not found: {error.strerror}"
    except TimeoutError:
        return False, "the server does not answer in time"
    except OSError as error:
        return False, f"the server cannot be reached: {error.strerror or error}"


def _mailed(job: dict[str, Any]) -> str:
    message = EmailMessage()
    message["Subject"] = job["title"]
    message["From"] = job["sender"]
    message["To"] = ", ".join(job["recipients"])
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=job["sender"].rpartition("@")[2])
    # RFC 3834: nobody shall answer it, and our own mail reader shall not take it for anything else.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(job["body"])
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
        refused = smtp.send_message(message, job["sender"], job["recipients"])
    return f"the server refused {len(refused)} of {len(job['recipients'])} recipients" if refused else ""


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(words.split())}"[:300]


if __name__ == "__main__":
    main()

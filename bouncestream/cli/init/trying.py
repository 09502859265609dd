# SPDX-License-Identifier: GPL-3.0-or-later
"""Trying what was answered, at once, by the checks of the doctor. What is found is told, and returned."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from bouncestream.cli import out
from bouncestream.cli.alert import send_test
from bouncestream.cli.findings import tell_briefly
from bouncestream.cli.init.answers import PASSWORD, Answers
from bouncestream.cli.init.person import Person
from bouncestream.doctor.areas.alerts import judge
from bouncestream.doctor.engine import examine_alerts, examine_listmonk, examine_mailbox, examine_webhook
from bouncestream.doctor.finding import Finding, Level
from bouncestream.errors import UsageError
from bouncestream.settings.shapes import loopback


def listmonk(answers: Answers, person: Person) -> list[Finding]:
    """Whether Listmonk lets the API user in, and what it may do."""
    if not answers.listmonk_token:
        out.mark("·", "without a token Listmonk is not tried")
        return []
    return _found("Listmonk", examine_listmonk(answers.listmonk()), person)


def webhook(answers: Answers, person: Person) -> list[Finding]:
    """Whether the public URL leads to this bridge."""
    if not answers.providers or not answers.public_url:
        return []
    hook = answers.hook(answers.providers[0])
    return _found("the public address", examine_webhook(answers.public_url, hook), person)


def mailbox(answers: Answers, person: Person) -> list[Finding]:
    """Whether the mailbox lets us in, and has its folders. With OAuth a login comes first. Raises UsageError."""
    if not answers.imap_host:
        if answers.providers or answers.bounce_address:
            return []
        raise UsageError(
            "Without a provider and without a mailbox no bounce would arrive. Next: name one of them, a mailbox "
            "or a bounce address here, or a provider by going back."
        )
    if answers.imap_tls == "none" and not loopback(answers.imap_host):
        raise _open(answers.imap_host)
    if answers.imap_login != PASSWORD:
        out.mark("·", "the mailbox is tried once you have logged in: the command comes at the end")
        return []
    return _found("the mailbox", examine_mailbox(answers.mailbox(), answers.outbox), person)


def alerts(answers: Answers, person: Person) -> list[Finding]:
    """Whether the channel can be used; a test goes over it only after a yes. Raises UsageError."""
    if not answers.alerts:
        return []
    settings = answers.channels()
    if answers.smtp_user and answers.smtp_tls == "none" and not loopback(answers.smtp_host):
        raise _open(answers.smtp_host)
    found = _found("the alerts", examine_alerts(settings), person)
    if any(one.level is Level.ERROR for one in found) or not person.terminal:
        return found
    if not person.agrees("Send a test alert over it now?"):
        return found
    failed = {name: why for name, (_, why) in asyncio.run(send_test(settings)).items()}
    if not any(failed.values()):
        out.mark("✔", "sent: has it arrived?")
        return found
    found = judge(failed)
    tell_briefly(found)
    return found


def _open(host: str) -> UsageError:
    return UsageError(f"The password would be sent unencrypted to {host}. Next: choose implicit or starttls.")


def _found(what: str, examination: Coroutine[None, None, list[Finding]], person: Person) -> list[Finding]:
    if person.terminal:
        print()
        out.mark("·", f"trying {what} …")
    found = asyncio.run(examination)
    tell_briefly(found)
    return found

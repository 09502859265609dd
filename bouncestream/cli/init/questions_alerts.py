# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions about alerts: how a person is told."""

from __future__ import annotations

from bouncestream.cli.init import trying
from bouncestream.cli.init.answers import APPRISE, EMAIL, WEBHOOK, Answers
from bouncestream.cli.init.dialogue import Part, Question
from bouncestream.cli.init.reading import (
    TLS,
    apprise,
    line,
    of,
    of_server,
    password,
    port,
    secret_url,
    shaped,
    tls_of,
)
from bouncestream.config.alerting import ADDRESS, ADDRESSES
from bouncestream.settings import shapes
from bouncestream.settings.shapes import loopback

#: The port whose kind of TLS need not be asked for.
_SUBMISSION = 587
_ALERTS = (
    (EMAIL, "e-mail over an SMTP server"),
    (APPRISE, "chat, push, SMS … by an Apprise URL"),
    (WEBHOOK, "JSON, posted to a URL of yours"),
)


def _by_email(answers: Answers) -> bool:
    return answers.alerts == EMAIL


#: The part about alerts.
ALERTS = Part(
    "alerts",
    (
        Question(
            name="alerts",
            flag="--alerts",
            metavar="HOW",
            help="how alerts reach you: email, apprise, webhook or none (default: by what else is given)",
            text="How shall alerts reach you?",
            skip="only the log and `status`",
            choices=_ALERTS,
            default=lambda _: "-",
            read=of(_ALERTS),
            implied=(("apprise", APPRISE), ("alert_url", WEBHOOK), ("smtp_host", EMAIL)),
        ),
        Question(
            name="apprise",
            flag="--apprise-file",
            metavar="FILE",
            key="alerts.apprise",
            help="a file that contains an Apprise URL for alerts",
            text="Apprise URL, such as ntfys://ntfy.sh/a-topic-that-nobody-guesses",
            secret=True,
            asked=lambda answers: answers.alerts == APPRISE,
            read=apprise,
        ),
        Question(
            name="alert_url",
            flag="--alert-url-file",
            metavar="FILE",
            key="alerts.webhook.url",
            help="a file that contains the URL that alerts are posted to as JSON",
            text="URL to post to",
            secret=True,
            asked=lambda answers: answers.alerts == WEBHOOK,
            read=secret_url,
        ),
        Question(
            name="alert_to",
            flag="--alert-to",
            metavar="ADDRESS",
            key="alerts.email.recipients",
            help="who gets the e-mails",
            text="Who gets the e-mails? An address; several with commas",
            asked=_by_email,
            read=lambda text: tuple(shaped(ADDRESSES)(line(text))),
        ),
        Question(
            name="alert_from",
            flag="--alert-from",
            metavar="ADDRESS",
            key="alerts.email.sender",
            help="their sender (default: the first recipient)",
            text="Sender of the e-mails",
            asked=_by_email,
            default=lambda answers: answers.alert_to[0],
            read=shaped(ADDRESS),
        ),
        Question(
            name="smtp_host",
            flag="--smtp-host",
            metavar="HOST",
            key="alerts.email.host",
            help="the SMTP server for alerts",
            text="SMTP server; best one that does not send your newsletters, so that it works when that fails",
            asked=_by_email,
            read=of_server,
        ),
        Question(
            name="smtp_port",
            flag="--smtp-port",
            metavar="PORT",
            key="alerts.email.port",
            help=f"its port (default: {_SUBMISSION})",
            text="Port of the SMTP server",
            asked=_by_email,
            default=lambda _: str(_SUBMISSION),
            read=port,
        ),
        Question(
            name="smtp_tls",
            flag="--smtp-tls",
            metavar="KIND",
            key="alerts.email.tls",
            help="implicit, starttls or none (default: by the port)",
            text="How is the connection secured?",
            choices=TLS,
            asked=lambda answers: _by_email(answers) and answers.smtp_port != _SUBMISSION,
            default=lambda answers: tls_of(answers.smtp_port, answers.smtp_host),
            read=of(TLS),
        ),
        Question(
            name="smtp_user",
            flag="--smtp-user",
            metavar="NAME",
            key="alerts.email.user",
            help="its user, if it requires one",
            text="User of the SMTP server",
            skip="no login",
            asked=_by_email,
            default=lambda answers: "-" if loopback(answers.smtp_host) else answers.alert_from,
            read=shaped(shapes.OPTIONAL),
        ),
        Question(
            name="smtp_password",
            flag="--smtp-password-file",
            metavar="FILE",
            key="alerts.email.password",
            help="a file that contains its password",
            text="Its password",
            secret=True,
            asked=lambda answers: _by_email(answers) and bool(answers.smtp_user),
            read=password,
        ),
    ),
    trying.alerts,
)

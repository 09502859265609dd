# SPDX-License-Identifier: GPL-3.0-or-later
"""All questions in their order; here those about Listmonk and the provider."""

from __future__ import annotations

from bouncestream import providers
from bouncestream.cli.init import telling, trying
from bouncestream.cli.init.answers import Answers
from bouncestream.cli.init.dialogue import Part, Question
from bouncestream.cli.init.questions_alerts import ALERTS
from bouncestream.cli.init.questions_mailbox import BOUNCES
from bouncestream.cli.init.questions_provider import OPTIONS
from bouncestream.cli.init.reading import networks, several, shaped, token, url, user
from bouncestream.settings import shapes
from bouncestream.settings.shapes import loopback

_PROVIDERS = tuple((name, providers.get(name).title) for name in providers.names())


def _behind_own_proxy(answers: Answers) -> bool:
    """Whether all that comes in by the public URL comes from this machine, from its reverse proxy."""
    return bool(answers.public_url) and loopback(shapes.address_of(answers.listen)[0] or "")


LISTMONK = Part(
    "Listmonk",
    (
        Question(
            name="listmonk_url",
            flag="--listmonk-url",
            metavar="URL",
            key="listmonk.url",
            help="Listmonk's URL, as this machine reaches it",
            text="Listmonk's URL, as this machine reaches it",
            default=lambda _: "http://127.0.0.1:9000",
            read=url,
        ),
        Question(
            name="listmonk_user",
            flag="--user",
            metavar="NAME",
            key="listmonk.user",
            help="name of Listmonk's API user (default: bouncestream)",
            text="Name of Listmonk's API user",
            default=lambda _: "bouncestream",
            read=user,
            before=telling.permissions,
        ),
        Question(
            name="listmonk_token",
            flag="--token-file",
            metavar="FILE",
            key="listmonk.token",
            help="a file that contains the API user's token",
            text="Its token, which Listmonk shows only once",
            skip="none yet",
            secret=True,
            read=token,
        ),
    ),
    trying.listmonk,
)

PROVIDER = Part(
    "provider",
    (
        Question(
            name="providers",
            flag="--provider",
            metavar="NAME",
            key="webhooks.*.provider",
            help="the provider that sends the webhooks: "
            f"{', '.join(name for name, _ in _PROVIDERS)}, several with commas, or none (default: "
            f"{providers.DEFAULT})",
            text="The provider that delivers your mail and reports bounces by webhook; several with commas",
            skip="none",
            choices=_PROVIDERS,
            default=lambda _: providers.DEFAULT,
            read=several(_PROVIDERS),
        ),
        Question(
            name="public_url",
            flag="--public-url",
            metavar="URL",
            key="server.public_url",
            help="the public URL of this bridge",
            text="Public address of this bridge, which the provider posts to, such as https://bounces.example.org",
            skip="not known yet",
            asked=lambda answers: bool(answers.providers),
            read=shaped(shapes.URL),
        ),
        Question(
            name="trusted_proxies",
            flag="--trusted-proxies",
            metavar="LIST",
            key="server.trusted_proxies",
            help="your own reverse proxies, with commas (default: 127.0.0.1,::1 where only this machine can reach "
            "--listen)",
            text="Addresses of your own reverse proxy, whose X-Forwarded-For is trusted",
            skip="none",
            asked=_behind_own_proxy,
            default=lambda _: "127.0.0.1, ::1",
            read=networks,
        ),
        *OPTIONS,
    ),
    trying.webhook,
)

PARTS = (LISTMONK, PROVIDER, BOUNCES, ALERTS)

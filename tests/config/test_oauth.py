# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.oauth import CLIENT, DEVICE, LOOPBACK, plan, problems
from bouncestream.crypto.secret import Secret

KEY = Secret("a-secret")
GOOGLE = Mailbox(name="b", user="b@example.com", auth="xoauth2", oauth_provider="google", oauth_client_id="id")
MICROSOFT = replace(GOOGLE, oauth_provider="microsoft")
APP = replace(MICROSOFT, oauth_flow="client", oauth_tenant="contoso.example", oauth_client_secret=KEY)
OWN = replace(GOOGLE, oauth_provider="", oauth_token_url="https://id.example/token")


def test_the_presets() -> None:
    google = plan(GOOGLE)
    assert (google.flow, google.scope) == (LOOPBACK, "https://mail.google.com/")
    assert google.token_url == "https://oauth2.googleapis.com/token"
    assert google.redirect_host == "127.0.0.1"
    microsoft = plan(MICROSOFT)
    assert microsoft.flow == DEVICE
    assert microsoft.device_url == "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"
    assert microsoft.scope == "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
    app = plan(APP)
    assert (app.flow, app.scope) == (CLIENT, "https://outlook.office365.com/.default")
    assert app.token_url == "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token"
    assert plan(replace(MICROSOFT, oauth_flow="loopback")).redirect_host == "localhost"


def test_what_is_written_counts_before_the_preset() -> None:
    made = plan(replace(MICROSOFT, oauth_scope="a b", oauth_device_url="https://x.example/d"))
    assert (made.scope, made.refresh_scope, made.device_url) == ("a b", "a b", "https://x.example/d")


def test_another_provider_shows_its_way_by_its_addresses() -> None:
    assert plan(replace(OWN, oauth_device_url="https://id.example/d")).flow == DEVICE
    assert plan(replace(OWN, oauth_authorize_url="https://id.example/a")).flow == LOOPBACK
    assert plan(replace(OWN, oauth_flow="client")).flow == CLIENT


@pytest.mark.parametrize(
    "box",
    [
        GOOGLE,
        MICROSOFT,
        APP,
        replace(MICROSOFT, oauth_flow="loopback"),
        replace(OWN, oauth_device_url="https://id.example/d", auth="oauthbearer"),
        replace(OWN, oauth_flow="client", oauth_client_secret=KEY),
        replace(OWN, oauth_token_url="http://127.0.0.1:1/t", oauth_device_url="http://[::1]:1/d"),
        Mailbox(name="b", password=KEY),
        Mailbox(name="b", password=KEY, auth="plain"),
    ],
)
def test_no_problem(box: Mailbox) -> None:
    assert problems(box) == []


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (replace(GOOGLE, oauth_client_id=""), "oauth_client_id: is missing"),
        (replace(GOOGLE, password=KEY), "password: xoauth2 does not use it"),
        (replace(GOOGLE, oauth_provider=""), 'oauth_provider: is missing; write "google"'),
        (
            replace(GOOGLE, oauth_flow="device"),
            "oauth_flow: Google does not allow that flow for mail",
        ),
        (replace(GOOGLE, oauth_flow="client"), "oauth_flow: Google does not"),
        (OWN, "oauth_flow: is missing"),
        (replace(OWN, oauth_flow="device"), "oauth_device_url: is missing"),
        (replace(OWN, oauth_flow="loopback"), "oauth_authorize_url: is missing"),
        (replace(APP, oauth_tenant="common"), "oauth_tenant: oauth_flow = "),
        (replace(APP, oauth_tenant="a/../b"), "oauth_tenant: is not a tenant"),
        (replace(APP, oauth_client_secret=None), "oauth_client_secret: is missing"),
        (
            replace(OWN, oauth_token_url="http://id.example/t", oauth_flow="client"),
            "oauth_token_url: secrets",
        ),
        (Mailbox(name="b"), "password: is missing"),
        (Mailbox(name="b", password=KEY, oauth_provider="google"), 'oauth_provider: auth = "password" does not'),
    ],
)
def test_each_problem_names_its_key_and_its_fix(box: Mailbox, words: str) -> None:
    found = problems(box)
    assert any(problem.startswith(f"mailboxes.b.{words}") for problem in found), found
    assert all("a-secret" not in problem for problem in found)


def test_without_secrets_none_is_missed() -> None:
    assert problems(Mailbox(name="b"), with_secrets=False) == []
    assert problems(replace(APP, oauth_client_secret=None), with_secrets=False) == []

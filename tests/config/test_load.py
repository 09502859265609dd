# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import Callable
from pathlib import Path

import pytest

from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.crypto.secret import Secret
from bouncestream.errors import ConfigError

TOKEN = "a-token-of-good-length"
ENOUGH = {"BOUNCESTREAM__LISTMONK__TOKEN": TOKEN}

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text)
        path.chmod(0o600)
        return path

    return write


def problems(path: Path | None, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(path, {} if environ is None else environ)
    return caught.value.problems


def test_nothing_but_a_token_is_needed() -> None:
    config = load(None, ENOUGH)
    assert config.listmonk.token == Secret(TOKEN)
    assert config.server.listen == "127.0.0.1:8025"
    assert config.server.address == ("127.0.0.1", 8025)
    assert config.server.max_body == 10 * 2**20
    assert (config.server.header_timeout, config.server.body_timeout, config.server.max_connections) == (
        10,
        30,
        1000,
    )
    day = 86400
    assert (config.retention.raw, config.retention.events, config.retention.dedupe) == (
        30 * day,
        365 * day,
        400 * day,
    )
    assert (config.relay.batch_size, config.relay.linger, config.relay.connections) == (200, 0.02, 4)
    verify = config.relay.verify
    assert (verify.post_timeout, verify.margin, verify.grace, verify.pulse) == (120, 60, 600, 2)
    assert config.mail.own_domains == config.mail.verp == ()
    assert config.policy.unsubscribe == "campaign"
    assert (config.log.format, config.log.level) == ("text", "info")
    assert config.webhooks == {}
    assert config.warnings == ()


def test_it_is_frozen() -> None:
    config = load(None, ENOUGH)
    for part, key in ((config, "log"), (config.server, "listen"), (config.relay.verify, "grace")):
        with pytest.raises(AttributeError):
            setattr(part, key, "x")


def test_a_whole_file(write: Write) -> None:
    path = write(f"""
        [server]
        trusted_proxies = ["127.0.0.1"]
        [listmonk]
        url = "http://listmonk:9000/"
        token = "{TOKEN}"
        [relay.verify]
        grace = "5m"
        [webhooks.news]
        provider = "sendamatic"
        secret = ["{TOKEN}1", "{TOKEN}2"]
        allow_ips = ["192.0.2.0/24"]
        classes = {{ "Mail block" = "ignore" }}
        [webhooks.scripts]
        provider = "generic"
        hmac_secret = "{TOKEN}"
    """)
    config = load(path, {})
    assert config.path == str(path)
    assert config.listmonk.url == "http://listmonk:9000"
    assert config.relay.verify.grace == 300
    news = config.webhooks["news"]
    assert (news.name, news.provider) == ("news", "sendamatic")
    assert news.secret == Secret(TOKEN + "1", TOKEN + "2")
    assert news.classes == {"Mail block": "ignore"}
    assert config.webhooks["scripts"].hmac_secret == Secret(TOKEN)
    assert config.warnings == ()
    assert TOKEN not in repr(config)


def test_all_problems_of_one_section_are_told_at_once_and_no_mere_consequence(write: Write) -> None:
    path = write("""
        [listmonk]
        token = "short"
        [retention]
        raw = "x"
        dedupe = "1d"
        [webhooks.a]
        provider = "generic"
        nonsense = 1
        [webhooks.b]
        provider = "sendamatic"
        secrit = "a-webhook-secret-of-good-length"
        [mailboxes.m]
        host = "imap.example.org"
        user = "x"
        tls = "none"
        port = "many"
    """)
    found = problems(path)
    told = [problem.partition(": ")[0] for problem in found]
    assert sorted(told) == [
        "listmonk.token",
        "mailboxes.m.password",
        "mailboxes.m.port",
        "mailboxes.m.tls",
        "retention.dedupe",
        "retention.raw",
        "webhooks.a",
        "webhooks.a.nonsense",
        "webhooks.b.secrit",
    ]
    (token,) = (problem for problem in found if problem.startswith("listmonk.token"))
    assert "openssl" not in token, "nobody can make Listmonk's own token"
    assert "Listmonk" in token.partition("; ")[2]


def test_all_problems_are_told_at_once(write: Write) -> None:
    path = write("""
        colour = "red"
        [server]
        listn = "127.0.0.1:80"
        max_body = "huge"
        [listmonk]
        url = "ftp://x"
        token = "short"
        [retention]
        dedupe = "1d"
        [mailboxes.bounces]
        host = "imap.example.org"
        [webhooks.a]
        provider = "sendamatik"
        [webhooks.b]
        provider = "generic"
        [webhooks.c]
        [webhooks."d e"]
        provider = "generic"
    """)
    found = problems(path, {"BOUNCESTREAM__LISTMONK__URLL": "x", "BOUNCESTREAM__RELAY__BATCH_SIZE": "many"})
    for expected in (
        "colour: there is no such section",
        "server.listn: there is no such key; did you mean listen?",
        "server.max_body: 'huge' is not a size; write a number and its unit (KiB, MiB, GiB), such as \"10MiB\"",
        "listmonk.url: 'ftp://x' is not an http or https URL; write",
        "listmonk.token: has 5 characters; a secret needs at least 16",
        "retention.dedupe: is shorter than retention.events",
        "mailboxes.bounces.user: is missing",
        "mailboxes.bounces.password: is missing",
        "webhooks.a.provider: there is no provider of that name; did you mean sendamatic?",
        "webhooks.b: anyone could post to it; set token or hmac_secret or path_secret",
        "webhooks.c.provider: is missing",
        "webhooks.d e: a name consists of",
        "BOUNCESTREAM__LISTMONK__URLL: there is no such key; did you mean listmonk.url?",
        "BOUNCESTREAM__RELAY__BATCH_SIZE: 'many' is not a whole number; write a whole number from 1 to 5000",
    ):
        assert [p for p in found if p.startswith(expected)], (expected, found)
    assert len(found) == 14, found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[server", "is not valid TOML"),
        ("server = 3", "server: is not a section"),
        ("[webhooks]\nx = 3", "webhooks.x: is not a section"),
        ("[relay]\nverify = 3", "relay.verify: is not a section"),
        ("[listmonk]\ntoken = 5", "listmonk.token: is empty or not text"),
        (f'[listmonk]\ntoken = ["{TOKEN}", "{TOKEN}"]', "listmonk.token: is empty or not text"),
        (f'[webhooks.a-b]\nprovider = "generic"\ntoken = "{TOKEN}"\n[webhooks.A_b]\n', "differs in case"),
        (f'[webhooks.a]\nprovider = "generic"\nsecret = "{TOKEN}"\n', "webhooks.a.secret: generic does not use it"),
        (
            f'[webhooks.a]\nprovider = "sendamatic"\ntoken = "{TOKEN}"\n',
            "webhooks.a.token: sendamatic does not use",
        ),
        (
            f'[webhooks.a]\nprovider="generic"\nunverified=true\ntoken="{TOKEN}"',
            "webhooks.a.unverified: is true, but",
        ),
        (
            f'[webhooks.a]\nprovider="generic"\npath_secret="{TOKEN}/"',
            "webhooks.a.path_secret: ends with a slash",
        ),
        ('[webhooks.a]\nprovider = "generic"\nallow_ips = ["192.0.2.1"]\n', "webhooks.a: anyone could post to it"),
        (
            '[webhooks.a]\nprovider="sendamatic"\nheader="X"\npath_secret="' + TOKEN + '"',
            "webhooks.a.header: belongs to",
        ),
        (
            f'[webhooks.a]\nprovider="mandrill"\nwebhook_key="{TOKEN}"',
            "webhooks.a.url: is missing; webhook_key needs it",
        ),
        (
            '[webhooks.a]\nprovider="sendamatic"\nclasses={"Hard"="bad"}',
            "webhooks.a.classes: {'Hard': 'bad'} at 'Hard'",
        ),
    ],
)
def test_refused(write: Write, text: str, expected: str) -> None:
    environ = {} if "[listmonk]" in text else ENOUGH
    assert any(expected in problem for problem in problems(write(text), environ))


def test_a_missing_and_an_unreadable_file(tmp_path: Path) -> None:
    assert "file not found" in problems(tmp_path / "none.toml")[0]
    assert "cannot be read" in problems(tmp_path)[0]
    (tmp_path / "latin").write_bytes(b"# \xe4")
    assert "is not UTF-8" in problems(tmp_path / "latin")[0]


def test_the_environment_overrides_the_file(write: Write) -> None:
    path = write(f'[listmonk]\nurl = "http://a"\ntoken = "{TOKEN}"\n[webhooks.My-Hook]\nprovider = "generic"\n')
    config = load(
        path,
        {
            "BOUNCESTREAM__LISTMONK__URL": "http://b",
            "BOUNCESTREAM__LISTMONK__TOKEN": TOKEN + "2",
            "BOUNCESTREAM__RELAY__VERIFY__PULSE": "5s",
            "BOUNCESTREAM__WEBHOOKS__MY_HOOK__TOKEN": TOKEN + "3",
            "BOUNCESTREAM__WEBHOOKS__OTHER__PROVIDER": "sendamatic",
            "BOUNCESTREAM__WEBHOOKS__OTHER__SECRET": f"{TOKEN}4,{TOKEN}5",
            "BOUNCESTREAM__WEBHOOKS__OTHER__ALLOW_IPS": "192.0.2.1, 2001:db8::/32",
            "BOUNCESTREAM__WEBHOOKS__OTHER__CLASSES": '{ "Mail block" = "hard" }',
            "BOUNCESTREAM_OTHER": "not ours",
        },
    )
    assert config.listmonk.url == "http://b"
    assert config.listmonk.token == Secret(TOKEN + "2")
    assert config.relay.verify.pulse == 5
    assert config.webhooks["My-Hook"].token == Secret(TOKEN + "3")
    assert config.webhooks["other"].secret == Secret(TOKEN + "4", TOKEN + "5")
    assert len(config.webhooks["other"].allow_ips) == 2
    assert config.webhooks["other"].classes == {"Mail block": "hard"}


def test_an_unverified_webhook_is_warned_about(write: Write) -> None:
    config = load(write('[webhooks.a]\nprovider = "generic"\nunverified = true\n'), ENOUGH)
    assert config.warnings == (
        "webhooks.a is not verified: anyone who finds its URL can get your subscribers blocklisted",
    )


def test_a_file_with_secrets_that_others_can_read_is_warned_about(write: Write) -> None:
    path = write(f'[listmonk]\ntoken = "{TOKEN}"\n')
    path.chmod(0o644)
    assert "is open to everyone (mode 0644): run chmod 600" in load(path, {}).warnings[0]
    path.chmod(0o640)
    assert "is open to its group (mode 0640)" in load(path, {}).warnings[0]
    path.write_text("")
    assert load(path, ENOUGH).warnings == ()


def test_without_secrets_none_is_read_or_missed(write: Write) -> None:
    path = write(
        '[outbox]\npath = "/x"\n[listmonk]\ntoken_file = "/does/not/exist"\n[webhooks.a]\nprovider = "generic"\n'
    )
    config = load(path, {}, with_secrets=False)
    assert config.outbox.path == "/x"
    assert config.listmonk.token is None
    assert isinstance(config, Config)


def test_two_loads_of_the_same_are_equal(write: Write) -> None:
    path = write(f'[webhooks.a]\nprovider = "generic"\ntoken = "{TOKEN}"\n')
    assert load(path, ENOUGH) == load(path, ENOUGH)


def test_a_key_beside_the_outbox_is_warned_about(tmp_path: Path) -> None:
    path, key = tmp_path / "etc" / "config.toml", "5e1c0a97b3f246d88fa21b5c60e7d3941c8b7f05ea3d492680d1f6b9c25e7a34"
    path.parent.mkdir()
    for folder, warned in ((tmp_path, True), (path.parent, False)):
        file = folder / "privacy.key"
        file.write_text(key)
        file.chmod(0o600)
        path.write_text(f"""
[outbox]
path = "{tmp_path}/outbox.db"
[privacy]
seal = true
key_file = "{file}"
""")
        config = load(path, {"BOUNCESTREAM__LISTMONK__TOKEN": "a-token-of-good-length"})
        assert any("lies in the folder of the outbox" in warning for warning in config.warnings) is warned

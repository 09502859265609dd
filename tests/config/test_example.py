# SPDX-License-Identifier: GPL-3.0-or-later
import re
import tomllib
from pathlib import Path

import pytest

from bouncestream import providers
from bouncestream.config.example import render
from bouncestream.config.guessable import PLACEHOLDERS
from bouncestream.config.load import load
from bouncestream.config.model import NAMED, SECTIONS, Config
from bouncestream.crypto.public_key import Ecdsa, Ed25519, Rsa
from bouncestream.errors import ConfigError
from bouncestream.providers._settings import proofs_of
from bouncestream.settings.key import keys_of
from tests.outbox.make import KEY
from tests.providers.keys import ecdsa_key, ed25519_key, public, rsa_key

REPOSITORY = Path(__file__).parents[2]
TOKEN = {"BOUNCESTREAM__LISTMONK__TOKEN": "a-token-of-good-length"}


def test_the_file_in_the_repository_is_the_generated_one() -> None:
    # Renew it with: bouncestream config example > config.toml
    assert (REPOSITORY / "config.toml").read_text() == render()


def test_as_it_is_it_says_nothing_but_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(render())
    assert load(path, TOKEN) == load(None, TOKEN)


def test_it_shows_every_key_and_only_those() -> None:
    uncommented = re.sub(r"(?m)^# (?=\[|[a-z0-9_]+ = )", "", render())
    table = tomllib.loads(uncommented)
    for name, model in SECTIONS.items():
        part = table
        for word in name.split("."):
            part = part[word]
        if name == "webhooks":
            assert list(part) == list(providers.names())
            for provider, section in part.items():
                assert section["provider"] == provider
                keys = set(keys_of(providers.get(provider).settings))
                own = keys - set(keys_of(model))
                if not proofs_of(providers.get(provider).settings):
                    own.add("path_secret")
                asking = {"api_key", "backfill"}  # where they can be used
                told = keys - asking if provider == providers.names()[0] else own | {"provider"}
                can = providers.get(provider).backfill is not None
                assert set(section) == told | (asking if can else set())
            continue
        if name in NAMED:
            (part,) = part.values()
        shown = {key for key, value in part.items() if f"{name}.{key}" not in SECTIONS}
        assert shown == set(keys_of(model)), name


#: The key of an outbox, which has a form of its own.
SEAL = '\nkey = "at least 16 characters"\n'


def filled_in(text: str) -> str:
    """The text with a secret of its own in the place of each placeholder."""
    text = text.replace(SEAL, f'\nkey = "{KEY.reveal()}"\n')
    return re.sub("|".join(map(re.escape, sorted(PLACEHOLDERS, key=len))), "a7secret2of9this4testQ1z", text)


#: A key of each kind: the sample of one is none, as there is no key that is nobody's.
KEYS = {Ecdsa: ecdsa_key, Ed25519: ed25519_key, Rsa: rsa_key}


def with_public_keys(text: str) -> str:
    """The text with a public key in the place of each sample of one."""
    for name in providers.names():
        for option, proof in proofs_of(providers.get(name).settings).items():
            if made := KEYS.get(type(proof)):
                sample = rf"(?ms)^(\[webhooks\.{name}\]$.*?^{option} = )\[.*?\]"
                text = re.sub(sample, rf'\g<1>["{public(made("example"))}"]', text)
    return text


def test_its_samples_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    text = with_public_keys(re.sub(r"(?m)^# (?=\[|[a-z0-9_]+ = )", "", render()))
    path.write_text(text)
    with pytest.raises(ConfigError) as told:  # as it stands in the repository, everyone knows its secrets
        load(path, {"BOUNCESTREAM__LISTMONK__TOKEN": "a-token-of-good-length"})
    assert all("placeholder" in problem for problem in told.value.problems)
    path.write_text(filled_in(text))
    path.chmod(0o600)
    config = load(path, {"BOUNCESTREAM__LISTMONK__TOKEN": "a-token-of-good-length"})
    assert list(config.webhooks) == list(providers.names())
    assert config.warnings == ()


def test_no_line_is_too_long() -> None:
    assert max(map(len, render().splitlines())) <= 116


@pytest.mark.parametrize("section", [*SECTIONS, ""])
def test_everything_is_documented(section: str) -> None:
    model = SECTIONS[section] if section else Config
    assert (model.__doc__ or "").strip()
    assert not (model.__doc__ or "").startswith(f"{model.__name__}(")
    for key in keys_of(model).values():
        assert key.doc.endswith((".", "?")), key.name
        assert key.secret or key.written or key.sample, key.name

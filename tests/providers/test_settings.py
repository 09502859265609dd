# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from bouncestream import providers
from bouncestream.crypto.secret import Secret

KEY, OTHER = Secret("a-secret-of-good-length"), Secret("another-secret-of-length")


def test_what_is_set_proves() -> None:
    hook = providers.webhook("a", "generic", hmac_secret=KEY, path_secret=OTHER)
    assert list(hook.proofs) == ["hmac_secret"]
    assert hook.verifiable == ("hmac_secret", "path_secret")
    assert hook.secrets == (KEY, OTHER)
    assert providers.webhook("a", "generic").verifiable == ()


def test_a_providers_options_are_checked_when_they_are_written_down() -> None:
    with pytest.raises(TypeError):
        providers.webhook("a", "generic", secret=KEY)
    with pytest.raises(LookupError):
        providers.webhook("a", "nobody")

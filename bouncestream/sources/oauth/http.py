# SPDX-License-Identifier: GPL-3.0-or-later
"""POSTs to the endpoints of an OAuth provider: one form, one bounded answer, one time limit, no redirects (they
would carry the secrets to somebody else)."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from bouncestream.errors import TokenError
from bouncestream.printable import printable
from bouncestream.sources.oauth.flows import ANSWER_LIMIT

#: The longest Retry-After that is believed; seconds.
LONGEST_WISH = 3600.0


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """What an endpoint answered."""

    status: int
    body: bytes
    after: float  #: the provider's wish to wait (Retry-After), seconds; 0: none


async def post(url: str, form: Mapping[str, str], *, timeout: float, ca_file: str = "") -> Answered:
    """POST a form; `timeout` in seconds. `ca_file` is trusted beside the system's. Raises TokenError."""
    try:
        trust = await asyncio.to_thread(_trust, ca_file)
        async with (
            asyncio.timeout(timeout),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust, limit=1)) as session,
            session.post(
                url,
                data=dict(form),
                headers={"Accept": "application/json", "User-Agent": "bouncestream"},
                allow_redirects=False,
            ) as response,
        ):
            body = await _bounded(response, url)
            return Answered(response.status, body, _wish(response.headers.get("Retry-After", "")))
    except TimeoutError:
        raise TokenError(f"{url} gave no answer within {timeout:g} s.") from None
    except aiohttp.ClientConnectorCertificateError as error:
        why = printable(str(error.certificate_error), 200)
        raise TokenError(f"{url} shows a certificate that is not to be trusted: {why}.") from error
    except aiohttp.ClientConnectorError as error:
        number = error.os_error.errno or 0
        why = os.strerror(number) if number > 0 else error.os_error.strerror or str(error.os_error)
        raise TokenError(f"{url} cannot be reached: {printable(why, 200)}.") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # The name only: the text of a foreign error may hold what was sent.
        raise TokenError(f"The answer of {url} could not be read ({type(error).__name__}).") from None


def _trust(ca_file: str) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    if ca_file:
        try:
            trust.load_verify_locations(ca_file)
        except OSError as error:
            raise TokenError(
                f"ca_file {ca_file} cannot be used: {error.strerror or 'it holds no certificate'}. "
                "Next: correct the path, or the file (PEM)."
            ) from error
    return trust


async def _bounded(response: aiohttp.ClientResponse, url: str) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_chunked(8192):
        body += piece
        if len(body) > ANSWER_LIMIT:
            size = f"{ANSWER_LIMIT >> 10} KiB"
            raise TokenError(f"The answer of {url} is larger than {size}: that is no token endpoint.")
    return bytes(body)


def _wish(text: str) -> float:
    """Retry-After in seconds; a date there is no wish of any provider we know."""
    return min(float(text), LONGEST_WISH) if text.isascii() and text.isdigit() and len(text) < 9 else 0.0

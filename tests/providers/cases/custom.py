# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from base64 import b64encode
from typing import Any

from bouncestream.crypto.secret import Secret
from bouncestream.event import Kind
from tests.providers.case import NOW, Case, as_form, by_basic, by_header, mac, within
from tests.providers.described import described
from tests.providers.keys import ed25519_key, public, rsa_key

AT = str(int(NOW.timestamp()))

# -- events in a list within the body; an HMAC over time and body, both in one header -----------------------------

_BOUNCED = {
    "id": "evt_1",
    "type": "email.bounced",
    "created_at": "2026-11-20T09:53:11Z",
    "bounce": {"type": "permanent", "code": 550, "status": "5.1.1", "message": "550 5.1.1 no such user"},
    "email": {"to": ["person@example.org"], "tags": {"listmonk_campaign": "00000000-0000-4000-8000-00000000000c"}},
}
IN_A_LIST = {"account": "a1", "events": [_BOUNCED]}
LISTED = described("""
    title = "Pigeon"
    events = "events"
    kind = ["type", "bounce.type"]
    recipient = "email.to"
    occurred_at = "created_at"
    diagnostic = "bounce.message"
    reply_code = "bounce.code"
    enhanced_status = "bounce.status"
    provider_event_id = "id"
    metadata = "email.tags"
    signature = { header = "Pigeon-Signature", prefix = "v1=", separator = "," }
    signature_time = { header = "Pigeon-Signature", prefix = "t=", separator = "," }
    signature_of = "{timestamp}.{body}"

    [words]
    "email.bounced/permanent" = "hard"
    "email.bounced*" = "soft"
    "email.complained" = "complaint"
    "email.suppressed*" = "suppressed"
    "* opened" = "info"
    "email.delivered" = "info"
    "*unsubscribed" = "unsubscribe"
""")


def _listed(body: bytes, secret: str) -> dict[str, str]:
    return {"Pigeon-Signature": f"t={AT},v1={mac(secret, f'{AT}.'.encode() + body).hex()}"}


def in_a_list(**more: Any) -> dict[str, Any]:
    return {"account": "a1", "events": [_BOUNCED | more]}


# -- a list as the whole body; one flat object; a form ------------------------------------------------------------

FLAT = {"what": "Hard Bounce", "who": "person@example.org", "why": "550 5.1.1 no such user", "mail": "m1"}
AS_FLAT = described("""
    kind = "what"
    recipient = "who"
    diagnostic = "why"
    provider_message_id = "mail"
    words = { "hard*" = "hard", "soft*" = "soft", "Spam" = "complaint", "opt-out" = "unsubscribe" }
""")
KINDS = {
    Kind.SOFT: FLAT | {"what": "soft bounce"},
    Kind.COMPLAINT: FLAT | {"what": "SPAM"},
    Kind.UNSUBSCRIBE: FLAT | {"what": "Opt-Out"},
}

# -- Standard Webhooks, key pairs, the signature in the body ------------------------------------------------------


def _standard(body: bytes, secret: str) -> dict[str, str]:
    signed = b64encode(mac(secret, f"msg_1.{AT}.".encode() + body)).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": AT, "webhook-signature": f"v1,{signed}"}


def _whsec(*secrets: str) -> Secret:
    encoded = (b64encode(one.encode("utf-8", "surrogatepass")).decode() for one in secrets)
    return Secret(*(f"whsec_{one}" for one in encoded))


def _in_the_body(document: Any, secret: str) -> Any:
    token = "a-token-of-this-request"
    return document | {"time": AT, "token": token, "signature": mac(secret, f"{AT}{token}".encode()).hex()}


_STANDARD = described("""
    signature = { header = "webhook-signature", prefix = "v1,", separator = " " }
    signature_of = "{id}.{timestamp}.{body}"
    signature_id = "webhook-id"
    signature_time = "webhook-timestamp"
    signature_encoding = "base64"
    signature_key = "whsec"
    provider_event_id = "header:webhook-id"
""")
_WITHIN = described("""
    signature = { field = "signature" }
    signature_of = "{timestamp}{id}"
    signature_id = { field = "token" }
    signature_time = "body:time"
    signature_window = "0s"
""")


def _ed25519(body: bytes, secret: str) -> dict[str, str]:
    return {"X-Sig": b64encode(ed25519_key(secret).sign(body)).decode()}


def _rsa(body: bytes, secret: str) -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1

    return {"X-Sig": b64encode(rsa_key(secret).sign(body, PKCS1v15(), SHA1())).decode()}


def _keys(make: Any) -> Any:
    return lambda *secrets: tuple(public(make(one)) for one in secrets)


CASES = {
    "custom, events in a list, HMAC with a time": Case(
        "custom",
        "signing_secret",
        by_header(_listed),
        IN_A_LIST,
        options=LISTED,
        kinds={
            Kind.SOFT: in_a_list(bounce={"type": "transient"}),
            Kind.COMPLAINT: in_a_list(type="email.complained", bounce=None),
            Kind.UNSUBSCRIBE: in_a_list(type="contact.unsubscribed", bounce=None),
        },
    ),
    "custom, a list, bearer": Case(
        "custom",
        "secret",
        by_header(lambda body, secret: {"Authorization": f"Bearer {secret}"}),
        [FLAT],
        options=AS_FLAT,
        kinds={kind: [document] for kind, document in KINDS.items()},
    ),
    "custom, a header of its own": Case(
        "custom",
        "secret",
        by_header(lambda body, secret: {"X-Token": secret}),
        FLAT,
        options=AS_FLAT | {"header": "X-Token"},
    ),
    "custom, a form, basic": Case(
        "custom",
        "password",
        by_basic,
        FLAT,
        encode=as_form,
        content_type="application/x-www-form-urlencoded",
        options=AS_FLAT,
        kinds=KINDS,
    ),
    "custom, a form, HMAC within": Case(
        "custom",
        "signing_secret",
        within(_in_the_body),
        FLAT,
        encode=as_form,
        content_type="application/x-www-form-urlencoded",
        options=AS_FLAT | _WITHIN,
        kinds=KINDS,
    ),
    "custom, HMAC within": Case(
        "custom", "signing_secret", within(_in_the_body), FLAT, options=AS_FLAT | _WITHIN, kinds=KINDS
    ),
    "custom, Standard Webhooks": Case(
        "custom",
        "signing_secret",
        by_header(_standard),
        FLAT,
        options=AS_FLAT | _STANDARD,
        value=_whsec,
        kinds=KINDS,
    ),
    "custom, Ed25519": Case(
        "custom",
        "ed25519_keys",
        by_header(_ed25519),
        FLAT,
        options=AS_FLAT | described('signature = "X-Sig"'),
        value=_keys(ed25519_key),
    ),
    "custom, RSA": Case(
        "custom",
        "rsa_keys",
        by_header(_rsa),
        FLAT,
        options=AS_FLAT | described('signature = "X-Sig"\nsignature_hash = "sha1"'),
        value=_keys(rsa_key),
    ),
}

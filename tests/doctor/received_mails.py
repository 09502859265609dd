# SPDX-License-Identifier: GPL-3.0-or-later
"""Campaign mails as they arrive in an inbox, made from one healthy one by changing what a case is about."""

from __future__ import annotations

import base64
import quopri

ROOT = "https://news.example.com"
CAMPAIGN = "1b4ff02c-5a2d-4f11-9d8c-5b6f3a0e7d21"
READER = "9e107d9d-372b-4b68-a1f0-0c7e3d2a5b44"
LINK = "c0ffee00-1234-4abc-8def-0123456789ab"
OTHER = "deadbeef-1234-4abc-8def-0123456789ab"
ZERO = "00000000-0000-0000-0000-000000000000"

PIXEL = f'<img src="{ROOT}/campaign/{CAMPAIGN}/{READER}/px.png" alt="" />'
TRACKED = f"{ROOT}/link/{LINK}/{CAMPAIGN}/{READER}"
UNSUBSCRIBE = f"{ROOT}/subscription/{CAMPAIGN}/{READER}"

HTML = f"""\
<!doctype html>
<html><head><title>News</title><style>p {{ color: #333 }}</style></head>
<body><h1>Grüße aus der Redaktion</h1>
<p>Read <a href="{TRACKED}">the story</a> and <a href='{ROOT}/link/{OTHER}/{CAMPAIGN}/{READER}'>the other</a>.</p>
<p><a href="{UNSUBSCRIBE}">Unsubscribe</a> or <a href="{ROOT}/campaign/{CAMPAIGN}/{READER}">view in browser</a>,
<a href="mailto:editor@example.com">write</a>, <a href="#top">up</a></p>
{PIXEL}
</body></html>
"""

SIGNATURE = (
    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=mail;\n\th=from:to:subject:date:message-id:"
    "list-unsubscribe:list-unsubscribe-post;\n\tbh=aGVsbG8=; b=aGVsbG8="
)
RESULTS = (
    "mx.inbox.test;\n dkim=pass header.i=@example.com header.s=mail;\n spf=pass (inbox.test: domain of "
    "bounce@example.com designates (a nested (comment) too) 192.0.2.7) smtp.mailfrom=bounce@example.com;\n"
    " dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com"
)

HEADERS = {
    "Return-Path": "<bounce@example.com>",
    "Delivered-To": "reader@inbox.test",
    "Authentication-Results": RESULTS,
    "Received": "from mail.example.com (192.0.2.7) by mx.inbox.test; Mon, 2 Mar 2026 10:00:00 +0000",
    "DKIM-Signature": SIGNATURE,
    "From": "News <news@example.com>",
    "To": "reader@inbox.test",
    "Subject": "=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
    "Message-ID": "<1740909600.17.abc@mail.example.com>",
    "Date": "Mon, 2 Mar 2026 10:00:00 +0000",
    "List-Unsubscribe": f"<{UNSUBSCRIBE}>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "X-Listmonk-Campaign": CAMPAIGN,
    "X-Listmonk-Subscriber": READER,
    "MIME-Version": "1.0",
    "Content-Type": "text/html; charset=UTF-8",
    "Content-Transfer-Encoding": "quoted-printable",
}


def letter(html: str = HTML, *, without: tuple[str, ...] = (), crlf: bool = True, **changed: str) -> bytes:
    """The healthy mail with another HTML and other header fields: `return_path=…` for `Return-Path`."""
    fields = {name: value for name, value in HEADERS.items() if name not in without}
    known = {name.lower().replace("-", "_"): name for name in HEADERS}
    for name, value in changed.items():
        fields[known.get(name, name)] = value
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    encoding = changed.get("content_transfer_encoding", "quoted-printable")
    data = html.encode("utf-8")
    body = base64.encodebytes(data) if encoding == "base64" else data
    if encoding == "quoted-printable":
        body = quopri.encodestring(data)
    whole = head.encode() + b"\n" + body
    return whole.replace(b"\n", b"\r\n") if crlf else whole


def multipart(*parts: tuple[str, str], kind: str = "alternative") -> bytes:
    """The healthy headers before a multipart of (type, text)."""
    inner = "".join(f"--b1\nContent-Type: {type_}; charset=utf-8\n\n{text}\n" for type_, text in parts) + "--b1--\n"
    head = "".join(
        f"{name}: {value}\n"
        for name, value in HEADERS.items()
        if name not in ("Content-Type", "Content-Transfer-Encoding")
    )
    return f'{head}Content-Type: multipart/{kind}; boundary="b1"\n\n{inner}'.encode()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Reverse proxies' configurations, made from what an operator says. Pure. A file for each proxy.

All of them do the same: TLS; HTTP redirected to HTTPS; Listmonk under its name; bouncestream's /webhooks/ under the
same or an own name, and nothing else of bouncestream; no cache and no rule for images before the pixel; bodies
as large as [server] max_body; the client's address in X-Forwarded-For, as the proxy sees it.
"""

from bouncestream.doctor.proxies.site import Site

__all__ = ["Site"]

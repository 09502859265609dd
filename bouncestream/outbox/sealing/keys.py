# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of a sealed outbox, in its `meta`: the root key, wrapped by each key that opens the outbox, and what the
root key wraps. All of it runs within the transaction of the caller, on either engine.
"""

from __future__ import annotations

from secrets import token_bytes

from bouncestream.crypto.sealed import KEY, MARK, key_id, wrap
from bouncestream.crypto.secret import Secret
from bouncestream.errors import SealRefused
from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.state import STATE, state_of
from bouncestream.outbox.sealing.unlock import ALWAYS, WRAPPED_BY, DataKeys, root_of, what_identity, what_root
from bouncestream.outbox.sealing.walk import CURSOR


def make(conn: Conn, key: Secret, identity: str) -> bytes:
    """Make the root key, opened by `key`; returns it. `identity`: the secret of the identity keys, in hex."""
    root = token_bytes(KEY)
    instance = get_meta(conn, "instance") or ""
    _add(conn, key, root)
    set_meta(conn, "identity_secret", MARK + wrap(root, bytes.fromhex(identity), what_identity(instance)).hex())
    first = DataKeys(conn, root, instance).of_month(ALWAYS)
    assert first == 1, "`seal_alike` uses it by this number"
    return root


def admit(conn: Conn, key: Secret | None, new: Secret) -> None:
    """Have a new key open the outbox too, beside the present one. Raises SealRefused."""
    if state_of(conn) is None:
        raise SealRefused("The outbox is not sealed, so no key opens it. Next: `bouncestream seal` seals it.")
    _add(conn, new, root_of(conn, key))


def keep_only(conn: Conn, key: Secret) -> list[str]:
    """Have no other key open the outbox any more; returns the names of those that did. Raises SealRefused."""
    root_of(conn, key)
    kept = f"{WRAPPED_BY}{key_id(key.reveal())}"
    others = [name for name, _ in conn.execute(QUERIES["wrapped_roots"]) if name != kept]
    for name in others:
        conn.execute(QUERIES["delete_meta"], (name,))
    return [name.removeprefix(WRAPPED_BY) for name in others]


def forget(conn: Conn, identity: bytes) -> None:
    """Nothing is sealed any more, also not the secret of the identity keys."""
    set_meta(conn, "identity_secret", identity.hex())
    conn.execute(QUERIES["delete_data_keys"])
    conn.execute(QUERIES["delete_metas"], (f"{WRAPPED_BY}*",))
    for name in (STATE, CURSOR):
        conn.execute(QUERIES["delete_meta"], (name,))


def _add(conn: Conn, key: Secret, root: bytes) -> None:
    text = key.reveal()
    wrapped = wrap(bytes.fromhex(text), root, what_root(get_meta(conn, "instance") or ""))
    set_meta(conn, f"{WRAPPED_BY}{key_id(text)}", wrapped.hex())

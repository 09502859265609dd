# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain loop over a mailbox: imaplib, batches of 50, parsed by the standard library (compat32), forgotten.
`PORT USER PASSWORD`."""

from __future__ import annotations

import email
import imaplib
import sys


def main() -> None:
    with imaplib.IMAP4("127.0.0.1", int(sys.argv[1])) as client:
        client.login(sys.argv[2], sys.argv[3])
        client.select("INBOX")
        _, (found,) = client.uid("SEARCH", "UID 1:*")
        uids = found.split()
        for start in range(0, len(uids), 50):
            some = b",".join(uids[start : start + 50]).decode()
            _, answer = client.uid("FETCH", some, "(UID BODY.PEEK[]<0.262144>)")
            for part in answer:
                if isinstance(part, tuple):
                    email.message_from_bytes(part[1])


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail straight from a mail server, over LMTP or SMTP: a mail is answered 250 once it is committed."""

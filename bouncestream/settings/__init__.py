# SPDX-License-Identifier: GPL-3.0-or-later
"""How a key of the configuration is declared: `key` and `secret_key` on the field of a frozen dataclass, and the
shapes that values are written in. Used by the sections in `config/` and by the options of each provider.
"""

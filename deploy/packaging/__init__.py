# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the packages: `deploy/build`. All of them hold the same folder (`tree`), which needs no Python."""

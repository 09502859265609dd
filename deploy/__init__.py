# SPDX-License-Identifier: GPL-3.0-or-later
"""How bouncestream comes to a machine: units, and what makes the packages."""

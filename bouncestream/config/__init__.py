# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration: what there is to set (model), where it comes from (load, secrets), what is wrong or risky
about it (checks, risks), and the example file that shows all of it (example)."""

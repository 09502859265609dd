# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration: what there is to set (model), how it is written (shapes), where it comes from (load, secrets),
and the example file that shows all of it (example)."""

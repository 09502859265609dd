# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor: why opens, clicks and bounces are not counted.

A file for each area of checks. In each, `collect()` does the I/O and returns what was seen as plain values, and
`judge()` is pure: what was seen → findings. `finding` is what a finding is.
"""

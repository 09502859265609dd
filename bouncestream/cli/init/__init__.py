# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream init`: the questions (`questions`) are asked one by one (`dialogue`, `person`), what is answered
(`answers`) is tried at once (`trying`), written as a whole (`writing`), and the next steps are told (`telling`)."""

# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast bouncestream is, as ratios against something that runs in the same minute: `make bench`.

Absolute numbers of a shared machine are worth little, so every row measures bouncestream and what it is compared
with in turns (interleaved), and tells the median and the range of the paired ratios. bouncestream has one core,
the load and the sink have the other; a run in which that other core is 80 % busy or more does not count, as it
would measure the load generator.

In the order of use: machine (cores, processes, how busy they were), figures (medians, ratios, the table), prepared
(distinct signed requests), load (wrk) and openloop (a fixed rate), bridge (bouncestream as its real command),
servers/ (what it is compared with, and the sink), filled (an outbox with many events), then the rows: ingest,
delivery, latency, volume, dashboard, open_pages (with a browser, tabs), footprint.
"""

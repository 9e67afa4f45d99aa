"""Whole cases in files: a world of its own, asked what most likely happened in it.

A file holds everything about one report (branch, logs, bounces, zone, answers). It is built in a scratch database with
the real importers, examined over its zone by the real engine, and answered by the ranking that the desk itself uses.
"""

"""Tests of the daily provider."""

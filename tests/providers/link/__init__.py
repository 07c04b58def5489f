"""Tests of the link provider."""

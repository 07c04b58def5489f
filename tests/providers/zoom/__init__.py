"""Tests of the Zoom provider."""

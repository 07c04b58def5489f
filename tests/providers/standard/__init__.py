"""Tests of the standard provider."""

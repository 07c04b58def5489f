"""Tests of the whereby provider."""

"""Tests of the jaas provider."""

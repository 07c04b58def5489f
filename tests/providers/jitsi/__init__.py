"""Tests of the jitsi provider."""

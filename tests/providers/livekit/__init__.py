"""Tests of the livekit provider."""

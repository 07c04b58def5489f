"""Tests of the MiroTalk provider."""

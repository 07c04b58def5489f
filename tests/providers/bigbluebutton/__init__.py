"""Tests of the bigbluebutton provider."""

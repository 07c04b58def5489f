"""Tests of the local room."""

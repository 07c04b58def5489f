"""What people read in Slack about the app's own installation."""

from __future__ import annotations


def not_installed(install_url: str) -> str:
    """``install_url`` is empty for an app that nobody can install by themselves."""
    if not install_url:
        return "The app was removed from this workspace. Ask an admin to install it again."
    return f"The app is no longer installed in this workspace. An admin can install it again at {install_url}"

"""Any service where a link is a meeting: nothing to ask for, nothing that tells us anything."""

"""The rules of the domain, checked against all the histories a meeting can have."""

"""The contract that every provider keeps, and each provider against a stand-in of its vendor."""

"""Event chaos: a meeting as it truly goes on, webhooks that are lost, doubled, late and out of order, and the card."""

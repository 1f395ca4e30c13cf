"""What a person can have done from the dashboard: each says what will happen, asks, and sends it."""

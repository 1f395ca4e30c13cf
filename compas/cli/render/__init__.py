"""Turns responses into text for people; pure, one file per area."""

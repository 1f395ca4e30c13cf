"""Parts that tabs and pages are made of."""

"""Merging: computed aside, checked, published by compare-and-swap, recovered after a crash."""

"""The lists that the dashboard begins with, one file each."""

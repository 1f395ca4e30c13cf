"""The commands of the command line that have code of their own, one file each."""

"""What is opened from a list and takes the whole screen, one file each."""

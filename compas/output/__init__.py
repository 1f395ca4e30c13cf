"""What programs print, on its way to be kept: cut into lines, redacted, bounded."""

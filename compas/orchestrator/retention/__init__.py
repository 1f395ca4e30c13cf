"""Takes away what nobody needs any more, when its time is over."""

"""Where calls come in: each is checked and its caller known before an actor hears of it."""

"""The actors of threads, their directory, and admission."""

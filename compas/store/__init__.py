"""The event log and its read models; the only user of apsw."""

-- Whether a tool's result is an error. What was kept before says it in words only, or not at all.
ALTER TABLE telemetry ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
UPDATE telemetry SET failed = 1 WHERE kind = 'tool_result' AND summary LIKE '%(error)';

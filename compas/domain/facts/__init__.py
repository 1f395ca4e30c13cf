"""Every event the log can hold, by what it is about; `compas.domain.events` has them all."""

"""compas: dispatch work to coding agents, review by rule, merge on approval."""

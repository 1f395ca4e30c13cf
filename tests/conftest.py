"""What holds for every test: no property is false because an example took long."""

from hypothesis import HealthCheck, settings

settings.register_profile("compas", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("compas")

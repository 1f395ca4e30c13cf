"""Every operation of compas, declared once."""

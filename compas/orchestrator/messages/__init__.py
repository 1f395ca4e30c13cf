"""What the actors of compas say to each other, by who is asked."""

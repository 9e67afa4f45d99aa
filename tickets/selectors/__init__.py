"""Reading reports and tickets; every selector takes the viewer first."""

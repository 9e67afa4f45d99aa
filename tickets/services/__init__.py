"""What changes reports and tickets. Every write of this room goes through here."""

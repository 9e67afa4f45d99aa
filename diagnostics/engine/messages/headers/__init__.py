"""What the header of a message tells: its way, who vouched for it, and what the filters on the way thought of it."""

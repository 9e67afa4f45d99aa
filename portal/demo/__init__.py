"""The demo world: three organisations, five weeks of mail, one loss of each kind, and DNS that needs no internet."""

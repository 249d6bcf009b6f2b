"""How fast, how large, how sure: measurements with committed results, each rerun by a `make` target."""

"""The seeded generator of the demo: files as a company's systems would export them, with the truth behind them."""

"""Does it hold: backtest, diff, funnel, threshold curves, intervals."""

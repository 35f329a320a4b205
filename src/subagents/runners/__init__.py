"""How a run is executed: the seam in `base`, one file for each way."""

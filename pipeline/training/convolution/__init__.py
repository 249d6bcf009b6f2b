"""Convolution, max-pool and ReLU in one compiled loop nest."""

"""The image, and containers of it."""

"""What all plots share: axes, colours, SVG."""

"""Networks whose activity, precision and time are part of the gradient."""

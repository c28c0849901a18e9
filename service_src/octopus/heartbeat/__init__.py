"""An event a minute through the whole fabric."""

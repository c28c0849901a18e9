"""Octopus: a hybrid cloud-to-edge event fabric for science."""

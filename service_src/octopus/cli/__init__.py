"""The ``octopus`` command."""

from octopus.cli.app import main

__all__ = ["main"]

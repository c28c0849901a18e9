"""The AWS infrastructure of one institution's fabric. Imports nothing that runs in it."""

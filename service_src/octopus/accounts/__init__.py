"""Accounts: a Globus identity with its namespace and its principal in IAM."""

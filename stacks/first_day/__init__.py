"""What an operator runs around deployments: before the first, after one that failed, before the last."""

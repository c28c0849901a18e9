"""IAM policy documents: generated, parsed, normalised to plain rules, evaluated."""

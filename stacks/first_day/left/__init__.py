"""What stays when stacks go or never come to be: one module a kind, which finds and removes it."""

"""Who may do what with which namespace and topic, and why: ownership, membership and grants."""

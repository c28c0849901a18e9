"""Projects: namespaces that several people own, from their creation to their end."""

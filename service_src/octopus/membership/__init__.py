"""Who is in the Globus groups that hold grants: asked for again and again, and held for a while."""

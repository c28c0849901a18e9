"""An institution's registration at Globus Auth: project, service client, scope, native client, secret."""

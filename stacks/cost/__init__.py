"""What an installation costs on AWS in a month, for its settings and a stated load. No AWS is asked."""

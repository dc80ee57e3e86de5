"""What a flow says in its records, and the connection over which it is said."""

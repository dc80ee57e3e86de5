"""Where the log lives: SQLite through pysqlite3; SQLAlchemy Core owns schema, migrations and queries."""

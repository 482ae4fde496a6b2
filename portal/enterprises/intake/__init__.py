"""Taking a register's file in: reading it safely, naming its columns, parsing its values, loading it, reporting what was refused."""

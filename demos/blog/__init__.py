"""A blog in four languages: users, entries in Markdown with pictures, feeds; all of it in SQLite. See README.md."""

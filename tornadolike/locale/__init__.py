"""Languages: translations, and how people of different countries write dates, numbers and lists."""

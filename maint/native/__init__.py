"""Recipes for the native core: sanitizers, and the search for leaks."""

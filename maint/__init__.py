"""The scripts of the house: what sets up an environment, serves a demo, tests and builds."""

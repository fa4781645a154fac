"""Files dropped in a page, streamed to the disk and listed. See README.md."""

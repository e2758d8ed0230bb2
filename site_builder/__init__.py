"""The site builder: Markdown corpus → a searchable static archive that opens without a server."""

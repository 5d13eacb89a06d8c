"""Bridges to other people's tools, one file for each; nothing else imports those tools."""

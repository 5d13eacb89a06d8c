"""Bridges to other people's tools, one file or folder for each; nothing else imports those tools."""

"""Pendula learns ordered physical data with recurrent networks, and tells what it has learned."""

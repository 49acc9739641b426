"""Scanners: programs of others that look for malware. None of them is believed unless it says so clearly."""

"""What happens to calls, told as frozen records to whoever listens."""

"""The demo provider: a real small language model on this machine, standing in for a provider abroad."""

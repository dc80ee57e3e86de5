"""What a call cost: our own count beside the provider's, and the price by dated books. Runs after the last byte."""

"""What happens to a flow after its last byte: recount, price, prints; batched, off the hot path."""
